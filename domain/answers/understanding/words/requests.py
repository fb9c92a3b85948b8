"""How a request begins, and what stands between two of them. Data."""

from __future__ import annotations

ASKS: dict[str, tuple[str, ...]] = {
    "en": (
        "(what|whats|whens|wheres|hows|whos|whys|which|who|whom|whose|when|where|why|how|whn|wher|wat|hw|whatever|wht)",
        "(can|could|would|will|may|might|shall|should|cn|cud) (you|u|ya|i|we|it|they|the|my|this|that|someone|somebody|there|your|these|he|she|uhelp)",
        "(do|does|did|don't|doesn't|didn't|is|are|was|were|am|isn't|aren't|wasn't|has|have|had|haven't|hasn't|won't|can't|couldn't|wouldn't|shouldn't) (you|u|ya|i|we|it|they|the|my|this|that|there|your|any|anyone|someone|he|she|these|those|a|an|all)",
        "(i|we) [really|just|also|still|now|actually|have got|do] (want|need|wanna|wish|like|demand|require|ned|wnat|neeed|wan) [you|u|to|a|an|my|the|help|some|assistance|more|information|your]",
        "(i|we) (would|d|should|will) [really|just|also] (like|love|prefer|need|want|rather|appreciate)", "(i'd|we'd|id) (like|love|prefer|rather|appreciate)",
        "(i|we) [have|ve] [got] (to|trouble|problem|problems|issue|issues|a|difficulty|difficulties) [to]", "(i'm|i am|im|we are|we're|am) [also|just|still] (trying|looking|calling|interested|wondering|having|attempting|tring|tryin|searching|hoping|going|unable|not able|waiting|asking|writing)",
        "(i|we) (try|call|wonder|wondered|tryy|look|don't know how|do not know how|don't know what|do not know what|don't know where|do not know where|dunno|have to|need|demand)",
        "(need|want|wanna|wish|would like|would love|having|get|got) [some] (help|assistance|support|info|information|to|a|an|the|my|trouble|problems|more|your)",
        "(help|assistance|assist|assisting) [me|with|to|in|us|for|checking]",
        "please", "pls", "plz", "(let|tell|show|give|send|help|get|find|explain|advise|inform|remind|teach|direct|put|transfer|connect|walk|guide|bring|lend|hand|wake|update) (me|us|my)",
        "(any|is there|are there|there is|there are) (a|an|any|way|chance|problem|problems|issue|issues|possibility|update|news|info|information|discount*|fee|fees)", "(tell|show|give|send|find|let) (me|us)", "how about", "what about", "(i|we) [also] (have|had|got) [a|an|another|some|one|two|few] [more|other|quick] (question|questions|problem|problems|issue|issues|doubt|doubts|complaint|request)",
        "would it be", "is it", "wondering", "anything", "any",
    ),
    "de": (
        "(was|wer|wem|wen|wann|wo|wohin|woher|wie|warum|wieso|weshalb|welche*|wieviel*|wozu|worauf|womit|woran|wofur)",
        "(kann|konnen|kannst|konnt|konnte|konnten|konntet|konntest|durfen|darf|mussen|muss|soll|sollte|wird|werden|wurde|wurden|wurdet|ist|sind|war|hat|haben|habt|hast|hatte|hatten|gibt|geht|liefern|liefert|bieten|bietet|verkaufen|nehmen|akzeptieren|lasst|kommt|passt|kostet|funktioniert|bin) (ich|wir|sie|ihr|du|man|es|das|die|der|den|mir|mich|uns|bitte|mein|meine|ein|eine|jemand|noch|auch)",
        "ich [habe|hab|hatte|wurde] [auch|noch|bitte|gerne|gern|jetzt|nur] (mochte|mocht|will|wollte|brauche|brauch|benotige|suche|muss|hatte|wurde|warte|kann|frage|bitte|wunsche|finde|weiss|versuche|habe eine frage|interessiere)",
        "wir (mochten|wollen|brauchen|benotigen|suchen|mussen|hatten|wurden|konnen)", "(bitte|hilfe|helfen|hilf)", "(mochte|brauche|suche|will|wurde) [gerne|gern|auch|noch|ich]", "(sagen|sag|zeigen|zeig|schicken|schick|senden|sende|geben|gib|stornieren|storniere|andern|andere|nennen|erklaren|teilen|prufen|buchen|reservieren) (sie|mir|mich|uns|bitte|meine|meinen|mein)", "(ob|gibt es|gibts|haben sie|habt ihr)",
    ),
    "fr": (
        "(quoi|qui|quand|ou|comment|pourquoi|combien|quel|quelle|quels|quelles|lequel|laquelle|que|qu)", "est (ce|il|elle) [que|qu]", "(pouvez|pourriez|pourrais|pouvons|avez|etes|auriez|savez|faites|livrez|acceptez|proposez|vendez|serait|peut|peux|puis|dois|doit|va|vas|y a|as|es|a|ont|sont|fait) (vous|tu|je|il|elle|on|t|y|ils|elles|nous)",
        "(je|j) [ne|n] (veux|voudrais|souhaite|souhaiterais|aimerais|cherche|peux|dois|ai besoin|voulais|demande|comprends|arrive|sais|attends|suis|n)", "(nous) (voulons|voudrions|souhaitons|aimerions|cherchons|avons besoin)", "(merci de|merci d|veuillez|s'il vous plait|svp|stp|aidez|aide)", "(dites|donnez|envoyez|montrez|expliquez|annulez|modifiez|remboursez|indiquez|reservez|confirmez) [moi|nous|ma|mon|le|la]", "y a (t|il)", "il y a",
    ),
    "es": (
        "(que|quien|quienes|cuando|donde|como|cual|cuales|cuanto|cuanta|cuantos|cuantas|por que|porque no|a que)", "(puede|puedes|pueden|puedo|podria|podrias|podrian|podemos|podeis|me puede|me puedes|me podria|me pueden|se puede|hay|tienen|tiene|tienes|teneis|hacen|aceptan|venden|ofrecen|es posible|seria posible|esta|estan|existe|debo|tengo que|envian|abren|sigue|es|son|me ayuda*|me dice*|me da*)",
        "(quiero|quisiera|queria|necesito|necesitaba|necesitamos|me gustaria|nos gustaria|deseo|busco|estoy buscando|solicito|queremos|querria|no puedo|no se|no entiendo|tengo (un|una|problemas|dudas))", "(por favor|porfa|porfavor|ayuda|ayudame|ayudeme)", "(digame|dime|enviame|envieme|muestrame|muestreme|deme|dame|cancela|cancele|cambia|cambie|indiqueme|expliqueme|confirma*|reserva|reserve) [mi|el|la|por]",
    ),
    "it": (
        "(che|chi|quando|dove|come|perche|quale|quali|quanto|quanta|quanti|quante|cosa|a che)", "(puo|puoi|potete|posso|potrebbe|potresti|potreste|possiamo|mi puo|mi puoi|mi potete|mi potrebbe|si puo|c'e|ci sono|avete|hai|ha|fate|accettate|vendete|e possibile|sarebbe possibile|e|sono|siete|devo|spedite|consegnate)",
        "(voglio|vorrei|volevo|vorremmo|ho bisogno|avrei bisogno|mi serve|mi servirebbe|mi piacerebbe|cerco|sto cercando|desidero|non riesco|non posso|non so|non capisco|ho (un|una|problemi|dubbi))", "(per favore|per piacere|aiuto|aiutatemi|aiutami|mi aiuti)", "(ditemi|dimmi|mi dica|inviatemi|mandatemi|mostrami|annullate|annulla|modificate|spiegami|confermate|prenotate)",
    ),
    "pt": (
        "(que|quem|quando|onde|aonde|como|qual|quais|quanto|quanta|quantos|quantas|por que|porque|o que|a que)", "(pode|podem|podes|posso|poderia|poderiam|podemos|voce pode|voces podem|me pode|da para|da pra|ha|tem|existe|existem|voces tem|voce tem|fazem|aceitam|vendem|e possivel|seria possivel|esta|estao|devo|entregam|enviam|abrem|e|sao)",
        "(quero|queria|gostaria|gostava|preciso|precisava|precisamos|desejo|procuro|estou procurando|estou a procura|nao consigo|nao sei|nao entendo|nao posso|tenho (um|uma|problemas|duvidas))", "(por favor|pfv|ajuda|me ajuda|me ajude|ajudem)", "(diga|me diga|diz me|envie|me envie|mostre|cancele|altere|me mande|explique|confirme|reserve|me informe|me fala)",
    ),
    "nl": (
        "(wat|wie|wanneer|waar|hoe|waarom|welke|welk|hoeveel|waarvoor|hoelang|waarmee)", "(kan|kunnen|kunt|kun|zou|zouden|zult|zal|mag|mogen|moet|moeten|is|zijn|was|heeft|heb|hebben|hebt|gaat|wordt|worden|bent|ben|doen|doet|leveren|levert|verkopen|accepteren) (ik|we|wij|u|je|jij|jullie|het|de|dit|dat|er|mijn|een|men|deze|die|iemand|ze)",
        "(ik) [ook|nog|heb|graag] (wil|wilde|zou|moet|zoek|kan|heb|ben|wacht|vraag|weet|begrijp|krijg|wou)", "(wij|we) (willen|zouden|zoeken|moeten|hebben)", "(graag|alstublieft|alsjeblieft|aub|help|hulp)", "(geef|stuur|vertel|toon|zeg|annuleer|wijzig|boek|reserveer|leg|bevestig) (me|mij|mijn|de|een|uit)", "is er",
    ),
    "pl": (
        "(co|kto|kiedy|gdzie|jak|dlaczego|czemu|ktory|ktora|ktore|jaki|jaka|jakie|ile|skad|dokad|czy|jakich|o ktorej|do ktorej|od kiedy)", "(moge|mozna|mozecie|moze|mozesz|moglibyscie|moglby|moglaby|mozliwe|jest|sa|macie|maja)", "(chce|chcialbym|chcialabym|chcielibysmy|potrzebuje|potrzebujemy|szukam|prosze|musze|czekam|mam (pytanie|problem|prosbe)|nie moge|nie wiem|nie rozumiem|interesuje|chodzi mi)", "(pomocy|pomoz|pomozcie|poprosze|prosze)", "(podaj|podajcie|wyslij|wyslijcie|pokaz|powiedz|anuluj|anulujcie|zmien|zmiencie|wyjasnij|potwierdz|zarezerwuj)",
    ),
    "tr": (
        "(ne|kim|nerede|nereye|nereden|nasil|neden|nicin|niye|hangi|hangisi|kac|kacta|kaca)", "(istiyorum|isterim|istiyoruz|istemiyorum|ihtiyacim|lazim|rica|lutfen|yardim*|ogrenmek|bilgi|edebilir|alabilir|misiniz|miyim|musunuz|muyum|misin|mi|mu|var|yok|olur|olacak|nedir|yapabilir*|verir|eder|etmek|almak)",
    ),
    "ru": (
        "(что|кто|когда|где|куда|откуда|как|почему|зачем|какои|какая|какие|какое|какую|каким|сколько|чем|чеи|во сколько|до скольки)", "(можно|можете|могу|могли|можем|есть|будет|будут|подскажите|скажите|помогите|расскажите|уточните|обьясните|объясните|пришлите|отмените|измените|покажите|даите|сделаите|проверьте|верните|забронируите|запишите|подтвердите)", "(хочу|хотел|хотела|хотели|хотелось|хотим|нужно|нужен|нужна|нужны|надо|требуется|необходимо|ищу|жду|не могу|не знаю|не понимаю|интересует|хочется)", "(пожалуиста|помогите|ли)",
    ),
    "ar": ("(ما|ماذا|من|متى|أين|اين|كيف|لماذا|كم|بكم|هل|أي|اي|ايش|شو|وين|ليش)", "(أريد|اريد|أرغب|أحتاج|احتاج|أبحث|ابحث|بدي|عايز|ممكن|أود|اود|نريد|أبغى|ابغى)", "(من فضلك|لو سمحت|رجاء|الرجاء|ساعدني|ساعدوني|أرسل|أخبرني|اخبرني)"),
}  # fmt: skip
"""Words that make what follows a question or a request."""

DOES: dict[str, tuple[str, ...]] = {
    "en": (
        "(cancel*|track*|check*|chang*|updat*|book*|order*|buy*|purchas*|return*|refund*|exchang*|send|sending|get|getting|find*|show*|tell*|give*|add*|remov*|delet*|creat*|open*|clos*|activat*|deactivat*|block*|unblock*|freez*|unfreez*|transfer*|pay*|top|reset*|recover*|retriev*|edit*|modif*|correct*|set|setting|switch*|sign|signing|register*|regist*|subscrib*|unsubscrib*|leav*|submit*|fil*|lodg*|mak*|report*|"
        "contact*|speak*|talk*|chat*|call*|download*|view*|see|seeing|list*|verify*|verif*|confirm*|schedul*|reschedul*|reserv*|renew*|extend*|increas*|reduc*|decreas*|rais*|lower*|play*|put|rate|rat*|search*|look|looking|watch*|explain*|describe*|compare*|recommend*|suggest*|start*|stop*|turn*|read*|write*|translat*|convert*|calculat*|remind*|locat*|mail*|email*|text*|ship*|deliver*|appl*|request*|"
        "ask*|tak*|bring*|provid*|help*|assist*|receiv*|obtain*|inform*|us|using|use|place|plac*|need*|want*|enter*|withdraw*|deposit*|redeem*|link*|unlink*|connect*|upload*|print*|save*|share*|spell*|define*|figure*|go|going|let|roll*|flip*|pick*|choose*|name|decrease|inclu*|have|having|note|arrange*|organi*|replace*|fix*|repair*|solve*|solving|resolv*|select*|access*|acquir*|enable*|disable*|swap*|validate*|order|quote*|estimate*|dispute*|issue|issu*|notify|alert*|file|enrol*|upgrade*|downgrade*|pause*|resume*|skip*|wake*|queue*|repeat*|begin*|whisper*|sync*|tune*|shuffle*|be|assign*|query*)",
    ),
    "de": ("(stornier*|andern|ander*|verfolg*|schick*|send*|zeig*|sag*|gib|geben|buch*|reservier*|erstatt*|prufen|pruf*|losch*|kundig*|erklar*|nenn*|bestell*|kauf*|ruf*|storn*|aktivier*|sperr*|uberweis*|bestatig*)",),
    "fr": ("(annul*|modifi*|suiv*|envoy*|montr*|dites|donn*|reserv*|rembours*|verifi*|supprim*|resili*|expliqu*|command*|achet*|chang*|confirm*|activ*|bloqu*)",),
    "es": ("(cancel*|cambi*|modific*|rastre*|envi*|mostr*|muestr*|reserv*|devolv*|reembols*|verific*|elimin*|explic*|compr*|pedir|pagar|confirm*|activ*|bloque*|saber|ver|hablar)",),
    "it": ("(annull*|modific*|cambi*|tracci*|invi*|mostr*|prenot*|restitu*|rimbors*|verific*|elimin*|spieg*|compr*|acquist*|pagare|conferm*|attiv*|blocc*|sapere|parlare)",),
    "pt": ("(cancel*|alter*|mud*|rastre*|envi*|mostr*|reserv*|devolv*|reembols*|verific*|elimin*|explic*|compr*|pagar|confirm*|ativ*|bloque*|saber|falar|troc*)",),
    "nl": ("(annule*|wijzig*|volg*|stuur*|sturen|toon*|boek*|reserv*|retour*|terugbetal*|controleer*|verwijder*|leg|koop*|kopen|bestel*|betal*|bevestig*|activeer*|blokkeer*|weten|spreken)",),
    "pl": ("(anulowac|anuluj*|zmienic|zmien*|sledz*|wysl*|pokaz*|zarezerw*|zwroc*|sprawdz*|usun*|wyjasn*|kupic|zamow*|zaplac*|potwierdz*|aktyw*|zablok*|wiedziec|porozmawiac|dowiedziec)",),
    "tr": ("(iptal*|degistir*|takip*|gonder*|goster*|rezerv*|iade*|kontrol*|sil*|acikla*|satin*|siparis*|ode*|onayla*|etkinlestir*|engelle*|ogren*|konus*)",),
    "ru": ("(отмен*|измен*|отслед*|отправ*|показ*|заброн*|верн*|провер*|удал*|обьясн*|объясн*|купить|заказ*|оплат*|подтверд*|активир*|заблок*|узнать|поговор*|знать)",),
    "ar": ("(إلغاء|تغيير|تتبع|إرسال|حجز|إرجاع|استرداد|شراء|معرفة|تأكيد)",),
}  # fmt: skip
"""Verbs that a request begins with where nothing else does: the imperative, and the infinitive behind "and"."""

JOINS: dict[str, tuple[str, ...]] = {
    "en": ("and", "but", "or", "so", "then", "and please", "n", "cause", "because"), "de": ("und", "aber", "oder", "dann", "und bitte"), "fr": ("et", "mais", "ou", "puis"), "es": ("y", "e", "pero", "o", "luego"), "it": ("e", "ed", "ma", "o", "oppure", "poi"), "pt": ("e", "mas", "ou", "depois"), "nl": ("en", "maar", "of", "dan"), "pl": ("i", "a", "ale", "lub", "potem"), "tr": ("ve", "ama", "veya", "sonra"), "ru": ("и", "а", "но", "или", "потом"), "ar": ("و", "ثم", "أو", "لكن"),
}  # fmt: skip
"""What may stand between two requests, and stands between much else."""

NEXT: dict[str, tuple[str, ...]] = {
    "en": ("[and|but|oh|ah] (also|then|additionally|besides|furthermore|moreover|secondly|thirdly|finally|lastly|next|afterwards) [please]", "[and] after that", "[and] (another|one more|other) (thing|question)", "[and] plus", "[and] (also|plus|btw|by the way|in addition|on top of that|while you are at it|as well as)"),
    "de": ("[und|aber] (ausserdem|zusatzlich|danach|ubrigens|zweitens|drittens|anschliessend)", "und (dann|auch|noch)", "[und] noch (eine frage|etwas)", "(des weiteren|daruber hinaus|sowie)", "aber auch"), "fr": ("[et] (aussi|ensuite|puis|egalement|deuxiemement)", "(de plus|en plus|par ailleurs|en outre|ainsi que|autre question|sinon)"), "es": ("[y|pero] (tambien|luego|ademas|despues|asimismo)", "[y] otra (cosa|pregunta)", "por otro lado"), "it": ("[e|ma] (poi|anche|inoltre|infine|dopo)", "[e] un altra (cosa|domanda)", "in piu"), "pt": ("[e|mas] (tambem|depois|entao|ainda)", "(alem disso|por outro lado)", "[e] outra (coisa|pergunta)"), "nl": ("[en|maar] (ook|daarna|bovendien|daarnaast|verder)", "[en] nog (een vraag|iets)"), "pl": ("[i|a|ale] (tez|takze|potem|jeszcze|dodatkowo|ponadto|oprocz tego)", "oraz", "[i] jeszcze (jedno|jedna sprawa)"), "tr": ("[ve] (ayrica|bir de|ondan sonra|bunun disinda|ek olarak)",), "ru": ("[и|а|но] (еще|также|потом|заодно|плюс|кроме того|помимо этого)",), "ar": ("[و] (أيضا|ايضا|كذلك|وأيضا|وكذلك|بالإضافة)",),
}  # fmt: skip
"""What stands between two things of a list."""

SUBJECT: dict[str, tuple[str, ...]] = {
    "en": ("(i|im|ive|id|my|the|we|our|there|theres|it|its|a|an|you|youve|this|that|he|she|they|their|your|someone|somebody|one|two|some|after|on|in|if|when|since|for)",), "de": ("(ich|mein|meine|meinen|meinem|der|die|das|wir|unser|unsere|es|ein|eine|sie|ihr)",), "fr": ("(je|j|mon|ma|mes|le|la|les|nous|notre|il|elle|un|une|vous|ce|cette|on)",), "es": ("(yo|mi|mis|el|la|los|las|nosotros|nuestro|un|una|usted|se|me|este|esta)",), "it": ("(io|il|la|lo|i|gli|le|mio|mia|un|una|noi|nostro|si|mi|questo|questa)",), "pt": ("(eu|meu|minha|meus|o|a|os|as|um|uma|nos|nosso|se|me|este|esta|voces)",), "nl": ("(ik|mijn|de|het|een|we|wij|onze|u|jullie|er|dit|deze)",), "pl": ("(ja|moj|moja|moje|moich|mojego|my|nasz|jest|mam|to|ten|ta)",), "tr": ("(ben|benim|biz|bu|bir|siparisim|urun)",), "ru": ("(я|мои|моя|мое|мне|у меня|мы|наш|этот|эта)",), "ar": ("(أنا|انا|لدي|عندي|طلبي|نحن)",),
}  # fmt: skip
"""What a sentence begins with that asks nothing by its form."""

POINTS: dict[str, tuple[str, ...]] = {
    "en": ("(it|them|they|those|these|both|either)", "(this|that) (is|was|be|will|has|happen*|mean*|work*|take*|one|time|way)", "(do|doing|about|for|of|with|fix|know|check|see|solve|on|to|get|explain|is|was|does|report) (this|that|so|one|anything|something)"), "de": ("(es|das|ihn|diese|dies|dieses|davon|dafur|damit|darauf|sie)",), "fr": ("(cela|ca|celui|celle|ceci|en|y|l)",), "es": ("(eso|esto|lo|esa|ese|hacerlo|ellos)",), "it": ("(lo|questo|quello|ne|farlo)",), "pt": ("(isso|isto|fazer isso|ele|ela)",), "nl": ("(het|dit|dat|die|deze|ermee|ervan)",), "pl": ("(to|tego|tym|go|je|ta)",), "tr": ("(bu|bunu|onu|bunun|o)",), "ru": ("(это|этого|этим|его|ее|их)",), "ar": ("(هذا|هذه|ذلك)",),
}  # fmt: skip
"""Words that point at what was said just before."""

PROBLEM: dict[str, tuple[str, ...]] = {
    "en": ("(not|n't|never|no|without|nothing|cannot|hasn't|haven't|isn't|wasn't|didn't|doesn't|won't|can't|dont|doesnt|didnt|havent|hasnt|isnt|wont|cant)", "(problem*|issue*|trouble*|error*|wrong|fail*|declin*|reject*|broke*|damag*|missing|lost|stolen|late|delay*|stuck|pending|charged|overcharged|refus*|denied|blocked|locked|frustrat*|disappoint*|complain*|bad|terrible|awful|rude|unhappy|angry|incorrect|mistake*|expired|cancelled|canceled|waiting|still|extra|twice|disappear*|unable|denied)"),
    "de": ("(nicht|nie|kein*|ohne|problem*|fehler*|falsch*|kaputt*|defekt*|fehlt|verloren|gestohlen|spat|verspat*|gesperrt|abgelehnt|beschwer*|enttausch*|leider|nichts|doppelt)",), "fr": ("(pas|jamais|rien|aucun*|sans|probleme*|erreur*|casse*|perdu*|vole*|retard|refuse*|bloque*|decu*|mauvais*)",), "es": ("(no|nunca|nada|sin|problema*|error*|roto*|rota*|perdid*|robad*|tarde|retras*|rechazad*|bloquead*|mal|equivocad*)",), "it": ("(non|mai|niente|nulla|senza|problem*|errore*|rott*|pers*|rubat*|ritard*|rifiutat*|bloccat*|sbagliat*)",), "pt": ("(nao|nunca|nada|sem|problema*|erro*|quebrad*|perdid*|roubad*|atras*|recusad*|bloquead*|errad*)",), "nl": ("(niet|nooit|geen|zonder|probleem|problemen|fout*|kapot*|kwijt|gestolen|laat|vertraag*|geweigerd|geblokkeerd|verkeerd*|helaas|niets)",), "pl": ("(nie|nigdy|nic|bez|problem*|blad*|zepsut*|uszkodz*|zgubil*|skradz*|opozn*|odrzuc*|zablok*|zly|zla|zle)",), "tr": ("(degil|yok|hic|sorun*|problem*|hata*|bozuk*|kirik*|kayip*|calin*|gec|gecik*|redded*|engellen*|yanlis*|maalesef|gelmedi|olmadi)",), "ru": ("(не|нет|никогда|ничего|без|проблем*|ошибк*|сломан*|потерял*|украл*|опозда*|задерж*|отклон*|заблок*|неправильн*|плох*)",), "ar": ("(لا|لم|ليس|لن|مشكلة|خطأ|مكسور|ضاع|تأخر|مرفوض)",),
}  # fmt: skip
"""What makes a statement one that wants something done."""

VAGUE: dict[str, tuple[str, ...]] = {
    "en": (
        "[please] (can|could|would|will) (you|u|ya|someone|anyone|somebody|uhelp) [please] (help|assist|advise|explain|tell me why|check|fix|do) [me] [please|out|with] [this|that|it|me] [please]", "(can|could) uhelp [me]",
        "[tell me|show me|explain] (what|how|where) [the hell] (should|can|do|could|must|shall|would|i) (i|we|can|could|should|have|need) [have|need] [to] [i] (do|proceed|go|do it|do that|do this|do about it|do about that|do now|do next|do so) [please]",
        "(how|where|what) (can|could|should|do|would) (i|we) [have|need] [to] [do] (do|fix|get|solve|resolve|change|check|make|notify|report|inform|see|recover|retrieve|find|cancel|edit|modify|contact|correct|obtain|remove|delete|create|open|inform of|inform about|to notify|to report|to see|to recover|to retrieve|to correct|to solve|to modify|to get) [of|about] (it|this|that|them|one|so)", "(tell|show) me (how|where|what) i (can|could|have to|need to) do it",
        "what (should|can|do|could|must) i [have to|need to] do to ~ (it|them|one|this|that)", "(could|can|would|will) you ~ (it|them|one)", "i (need|want) [some|your] (help|assistance|answers|information|info) [please|with this|with it|with that]", "i need help ~ (it|them|one)", "i (have|had|got) [got] [a|some|another|two|few] (question|questions|problem|request|doubt|issue|inquiry)",
        "what (is|are|was|were) (going|happening|wrong|the problem|this|that|the reason|it|the issue|the cause) [on|for|about] [here|this|that|it]", "(whats|what's) (going|happening|wrong|the problem|this|that|the reason|up|the issue) [on|for|about|with] [here|this|that|it]", "what (gives|happened|now|happens now|does this mean|does that mean)", "why [is|s|was|did|does|would|has|hasn't|isn't|are] [this|that|it|so] [happening|happen|the case|so]", "how come", "why", "what", "how",
        "[do|can|could|would] [you|u] [please] (know|tell me|explain|advise|fix|check|look|see|resolve|sort) [to|me] (why|how|this|it|that|please|what|what happened|whats wrong|into this|into it)", "is (this|that|it) (normal|possible|ok|okay|correct|right|true|allowed|safe|right now|usual)", "(is|are) there (a|any) (way|reason|problem|solution) [i|you|we|to] [can] [do|fix|this|it|that]", "can (this|it|that) be (done|fixed|changed)",
        "(any|some) (help|idea|ideas|advice|thoughts|suggestions)", "is there (anything|something) [else] [i|you|we] [can] [do]", "(please|pls) [help|advise|explain|assist|fix this|fix it|tell me] [me|asap|urgently]", "(let me know|advise|explain|assist|help|help me|asap|urgent) [please]", "(thanks|thank you)", "i (don't|do not|dont) (know|understand) [why|what|how] [to do|this|it|is happening|that is]", "i (am|'m) (confused|worried|lost)", "i'm (confused|worried|lost|not sure why|not sure)", "can (i|we) [do|get|have|open|create|change] (this|that|it|one|so)", "(should|shall) i (be worried|worry|wait|keep waiting|do something)", "how (do|can|would|should) i go about [it|this|that|doing this|doing that|doing it]", "get it back",
    ),
    "de": ("[konnen|konnten|kannst] [sie|du|ihr] [mir] [bitte] helfen", "was (soll|kann|muss) ich [jetzt|nun] (tun|machen)", "was ist (los|da los|das|passiert)", "woran liegt das", "warum ist das so", "ich habe eine frage", "ich brauche [ihre|bitte] hilfe"), "fr": ("(pouvez|pourriez) vous m'aider", "que (dois|puis|faire)", "que se passe", "pourquoi", "j'ai une question", "aidez moi"), "es": ("(puede|puedes|pueden|podria) ayudarme", "(que|como) (hago|puedo hacer|debo hacer)", "que (pasa|paso|sucede)", "por que", "tengo una (pregunta|duda|consulta)", "me (puede|puedes|pueden) ayudar"), "it": ("(puo|potete|puoi) aiutarmi", "(cosa|che) (devo|posso) fare", "cosa (succede|e successo)", "perche", "ho una domanda", "mi (puo|puoi|potete) aiutare"), "pt": ("(pode|podem|poderia) (me ajudar|ajudar me|ajudar)", "o que (faco|devo fazer|posso fazer)", "o que (aconteceu|esta acontecendo|se passa)", "por que", "tenho uma (pergunta|duvida)"), "nl": ("(kunt|kun|kan) (u|je|iemand) [mij|me] helpen", "wat (moet|kan) ik [nu] doen", "wat is er [aan de hand]", "waarom", "ik heb een vraag"), "pl": ("(mozecie|mozesz|moze|prosze) [mi] pomoc", "co (mam|moge|powinienem) [z tym] zrobic", "co sie (dzieje|stalo)", "dlaczego", "mam pytanie"), "tr": ("[bana] yardim (eder|edebilir|edin|lazim)", "ne yapmaliyim", "ne (oldu|oluyor)", "neden", "bir sorum var"), "ru": ("[можете|сможете] помочь", "что [мне] делать", "что (случилось|происходит)", "почему", "(у меня|есть) [есть] вопрос"), "ar": ("(هل يمكنك|ممكن) (مساعدتي|تساعدني)", "ماذا أفعل", "ماذا حدث", "لماذا", "عندي سؤال", "لدي سؤال"),
}  # fmt: skip
"""Requests that say nothing without what stands beside them."""
