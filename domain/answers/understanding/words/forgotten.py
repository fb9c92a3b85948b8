"""That an earlier question was left unanswered, as "did you forget". Data."""

from __future__ import annotations

FORGOTTEN: dict[str, tuple[str, ...]] = {
    "en": (
        "(did|have|has) [you|u|ya|it|he|they] [just|already|completely] (forget|forgot|forgotten|ignore|ignored|miss|missed|skip|skipped|overlook|overlooked) [about] [me|my|the|that|it|what|to|something|one|about]",
        "(you|u) [just|have|completely|still|ve|also] (forgot|forgotten|ignored|skipped|overlooked|missed) [about] [to|my|me|the|it|one|part|that|half|something]",
        "(you|u) (did|have|are|still) [still] (not|n't) [even|yet|really|actually|fully] (answer|answered|answering|reply|replied|respond|responded|address|addressed|said|told|tell) ~ [me|my|question|it|that|what|when|how|the]",
        "(you|u) [still] (didn't|haven't|havent|never|didnt|hasn't|aren't) [even|yet|really|actually|fully] (answer|answered|answering|reply|replied|respond|responded|address|addressed) [to] [my|me|the|it|that|all|both|one|yet|what]",
        "(what|how) about my [other|first|second|last|earlier|previous|original|initial] (question|questions|request|point)",
        "(and|what about) [the|my] (other|first|second|earlier|previous|original) (question|questions|one)", "my [other|first|second|earlier|previous|original|last|initial] question (was|is|still|remains|was not|wasn't|has|hasn't)",
        "(still|am still|m still) (waiting|wait) (for|on) (an|your|the|my) (answer|reply|response)", "(no|without|any) (answer|reply|response) (to|for|on|yet) [my|the|that] [question|earlier|first|other]",
        "i [also] [already|just|still] asked [you] [about|if|when|what|how|where|something|this|that|a] ~ (earlier|before|already|too|first|twice|also|as well|ago)",
        "(don't|do not|dont) (forget|ignore) (my|about my|the|me)", "(i am|i'm|im|why are you|stop|you are|you re) ignor* [me|my]", "answer (my|the) (other|first|earlier|previous|original|second) question", "you missed (my|one|the|a|part)",
        "(unanswered|not answered|not been answered)",
    ),
    "de": (
        "(haben|hast|habt) (sie|du|ihr) [etwa|mich|meine|das|die|da|nicht|etwas|schon] ~ vergessen", "(etwas|frage|mich|das) [wurde|haben sie|hast du] vergessen", "(sie haben|du hast|ihr habt) ~ (vergessen|ignoriert|ubersehen)",
        "(meine|die) [andere|erste|zweite|vorherige|vorige|letzte|ursprungliche|anderen] frage* [ist|wurde|haben|hast|sind|war] ~ (nicht|noch|unbeantwortet|offen|vergessen|nie)", "(und|was ist mit|was ist) [mit] (meiner|meine|der) [anderen|ersten|zweiten|vorherigen|andere|erste] frage",
        "(noch|immer noch|noch immer) (keine|nicht) [meine] (antwort|beantwortet|geantwortet|frage)", "(warte|wart) [ich] [immer] [noch] [immer] [auf] (auf|eine|antwort) [eine|ihre|die] antwort", "(nicht|nie) [auf] [meine] [andere|erste|frage] (beantwortet|geantwortet|eingegangen)",
        "frage [noch] (nicht|nie) beantwortet", "(ignorieren sie|ignorierst du|ignoriert ihr)",
    ),
    "fr": (
        "(avez|as|auriez|aurais) (vous|tu) [pas] [deja|completement|donc] (oublie|ignore|zappe|saute) [de|ma|mon|moi|la|une]", "(vous|tu) [m'avez|m'as|avez|as|ne|n'avez|n'as|m] [avez|as] [pas] [deja] (oublie|ignore|zappe)",
        "(vous|tu) [ne] [n] [m] (avez|as) [m] [toujours|encore] (pas|jamais) [toujours|encore|vraiment] (repondu|reagi|traite)", "(et|quid de|qu'en est il de) (ma|l') (autre|premiere|deuxieme|question|precedente) [question]",
        "(toujours|encore) (pas|aucune) [de|eu|recu] (reponse|repondu)", "(j'attends|attends|attend) (toujours|encore) [une|votre|la|ma] [reponse]", "question (est restee|reste|restee) sans reponse", "sans reponse a ma",
    ),
    "es": (
        "(se te|se le|te|se|os|se les|has|ha) [ha] (olvido|olvidado|olvidaste|olvidaron|olvido|olvidasteis|paso) [de|mi|la|algo|contestar|responder|una]", "(olvidaste|olvido|olvidaron|ignoraste|olvidas|olvida) [de] (mi|la|de|contestar|responder|algo|una|otra)",
        "no (me|has|ha|han|habeis) [has|ha|han|habeis] (respondiste|contestaste|respondido|contestado|respondio|contesto|respondieron|contestaron|respondes) [a|mi|la|todavia|aun|el|lo|todo|que]", "(y|que hay de|que pasa con|que paso con) (mi|la) (otra|primera|segunda|anterior|pregunta) [pregunta]",
        "(sigo|aun|todavia) (esperando|espero|sin) [una|la|su|tu] [respuesta]", "(todavia|aun|sigue|siguen) (no|sin) [me|has|ha|han|se] [han|ha|has] (respondido|contestado|responder|respuesta|contestar)", "sin (responder|contestar) (mi|la|a|una)",
    ),
    "it": (
        "(hai|ha|avete|vi siete|ti sei|si e|ti se) [forse|gia|per caso] (dimenticato|dimenticata|dimenticati|scordato|ignorato|saltato) [di|la|mia|me|il|qualcosa|una|una]", "non (hai|ha|avete|mi hai|mi ha|mi avete) [ancora|mai|mi] (risposto|considerato) [a|alla|ancora|al]",
        "(e|che ne e di|che ne e della) (la mia|l'|mia|la) (altra|prima|seconda|precedente|domanda) [domanda]", "(sto|aspetto|attendo) (ancora|ancora aspettando|aspettando|attendendo) [una|la|risposta|ancora]", "(senza|nessuna) risposta [alla|a]", "(mi state|mi stai|mi sta) ignorando",
    ),
    "pt": (
        "(esqueceu|esqueceste|esqueceram|esqueceu se|ignorou|ignoraste|ignoraram) [se] [da|de|do|minha|a|que|responder|mim|me|alguma|uma]", "(voce|voces|tu) [ja|se] (esqueceu|esqueceram|esqueceste|ignorou)", "(nao|nunca|ainda nao) [me] (respondeu|responderam|respondeste|respondido|foi respondida) [a|minha|ainda|tudo|o|as]",
        "(e|que tal) (a minha|a|minha) (outra|primeira|segunda|anterior|pergunta) [pergunta]", "(ainda|continuo) [estou] [a] (esperando|espera|aguardando|esperar|aguardo|a espera) [por|uma|a|de|sua|pela] [resposta]", "(sem|nenhuma) resposta [a|para|ainda]", "pergunta (ficou|esta|continua) sem",
    ),
    "nl": (
        "(ben|bent|heb|hebt|heeft|zijn) (je|u|jullie) [mijn|mij|me|niet|soms|de|iets|nu] ~ (vergeten|genegeerd|overgeslagen)", "(je|u|jullie) (bent|heb|hebt|heeft|hebben|zijn) [mijn|mij|me|de|iets|nog] ~ (vergeten|genegeerd|overgeslagen|niet beantwoord|nog niet|niet geantwoord)", "(en|hoe zit het met|wat met) mijn (andere|eerste|tweede|vorige|vraag) [vraag]",
        "(nog|steeds|nog steeds) (geen|niet) [op] [mijn] (antwoord|beantwoord|reactie|geantwoord|gereageerd)", "wacht [ik] [nog] [steeds|altijd] [nog] [op] [op] [een|je|uw|jullie] antwoord", "vraag [is|nog] [nog] niet beantwoord", "(mijn|de) [andere|eerste|vorige] vraag [is|nog] (niet|onbeantwoord|vergeten)",
    ),
    "pl": (
        "(zapomnial|zapomniales|zapomnialas|zapomnieliscie|zapomnieli|zapomniano|zapomnisz) [pan|pani|panstwo|o|moim|mnie|odpowiedziec|czegos]", "(czy|chyba) [pan|pani|panstwo] zapomn*", "(nie|nadal nie|wciaz nie|jeszcze nie) [pan|pani|panstwo|mi|dostalem|dostalam|otrzymalem|otrzymalam|ma|mam|uzyskalem] (odpowiedzial*|odpowiedzieli*|odpowiedzi|odpisal*|odpisaliscie)",
        "(a|co z) (moje|moim|mojim|pierwsze|drugie|poprzednie|inne) [drugim|pierwszym|poprzednim|innym|drugie|pierwsze] (pytanie|pytaniem)", "(czekam|czekamy) [nadal|wciaz|ciagle|jeszcze] [na] odpowiedz", "(nadal|wciaz|ciagle) czekam", "(bez|brak) odpowiedzi [na]", "(ignoruje|ignorujecie|ignorujesz|pominales|pominieto|pominal)",
    ),
    "tr": (
        "(unuttun|unuttunuz|unuttu|unutmus|unutmussunuz|unutmussun|unutuldu|unutuldum|atladiniz|atladin) [mu|musun|musunuz|beni|sorumu]", "(sorumu|sorum|beni|soruma|sorularima|onceki sorum*|diger sorum*|ilk sorum*) [hala|daha|hic|da] (unut*|cevap*|yanit*|atla*|gormezden|cevaplan*|ne oldu)", "(hala|henuz|daha) (cevap|yanit|yanitla*|cevapla*) [ver*|alama*|bekl*|gelm*|yok]", "(cevap|yanit) (vermedi*|vermedin*|alamadim|bekliyorum|gelmedi|yok)",
        "(cevaplamadi*|yanitlamadi*)", "(peki|ya) [diger|ilk|onceki|ikinci] sorum*",
    ),
    "ru": (
        "(вы|ты) [не|уже|про|что] (забыли|забыл|забыла|проигнорировали|пропустили|игнорируете|пропустил)", "(забыли|забыл|забыла|проигнорировали|пропустили) [ли] [вы|ты] [про|о|об|мои|меня|ответить|на|обо|мне]", "не (забыли|забыл|забудьте) [ли] [вы|про|о|мои|ответить]",
        "(не|так и не|еще не|до сих пор не|ничего не) (ответили|ответил|ответила|отвечаете|отвечаешь|получил ответа|получила ответа|ответив) [на|мне|мои]", "(а|что с|как насчет) (мои|моим|моего|другои|первыи|предыдущ*) [первыи|другои|предыдущ*|втор*|первого|предыдущего|первым|другим] вопрос*", "(все еще|до сих пор|еще) (жду|ждем) ответ*", "(без|нет) ответа", "вопрос [остался|так и] (остался|без) [без] ответа",
    ),
    "ar": (
        "(هل|لقد) (نسيت|نسيتم|نسيتني|نسيتموني|تجاهلت|تجاهلتم) [سؤالي|أن|ان|عن|الرد]", "(نسيت|نسيتم|تجاهلت|تجاهلتم) (سؤالي|الرد|الإجابة|الاجابة|طلبي)", "(لم|لم يتم|ما) (تجب|تجيبوا|ترد|تردوا|يرد|الرد|تجيب|رديت|رديتوا) [على|علي|بعد|أحد|احد]", "(ماذا عن|وماذا عن|و) (سؤالي|سوالي) [الآخر|الأول|الاول|السابق|الاخر]", "(ما زلت|مازلت|لا زلت|لازلت) (أنتظر|انتظر|بانتظار)",
    ),
}  # fmt: skip
"""By language."""
