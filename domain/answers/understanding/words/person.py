"""Requests to speak with a person. Data."""

from __future__ import annotations

_HUMAN = (
    "(human|person|people|agent|operator|representative|rep|advisor|adviser|associate|assistant|manager|supervisor|employee|somebody|"
    "someone|humans|agents|operators|staff|colleague|teammate|reception|receptionist|anybody|anyone|hooman)"
)
_TALK = "(talk*|speak*|spoke|chat*|contact*|connect*|reach*|communicate|call|phone|transfer*|forward*|switch*|escalat*|redirect*|direct*)"

PERSON: dict[str, tuple[str, ...]] = {
    "en": (
        f"{_TALK} [me] [directly] [to|with|through] [to|with] [me|us] [a|an|the|your|one|some|another|any] [of] [your|other] "
        f"[real|live|human|actual|normal|proper|living|fucking|goddamn|bloody|damn|non|customer|free|virtual|service|support|different|duty] [robotic|life|service|support] {_HUMAN}",
        f"{_TALK} ~ (human|agent|operator|representative|rep|manager|supervisor|somebody|someone|employee)",
        "(get|give|put|pass|want|need|send|find|bring|hand|have) [me|us] [on] [through|over|in|to] [to|with|touch] [to|with] [a|an|the|your|one|some|another] "
        "[real|live|human|actual|normal|proper|living|fucking|goddamn|bloody|damn|service|bank|support] "
        "(human|person|agent|operator|representative|rep|advisor|adviser|manager|supervisor|worker|employee|someone|somebody)",
        "(real|live|human|actual) (person|human|agent|people|being|operator|representative|support|assistance|assistant|help|advisor) please",
        "(agent|human|operator|representative|person) (please|pls|now)",
        "(have|has) a [quick|short|little] (chat|word|talk) ~ (someone|somebody|person|human|agent|manager|staff)",
        "(someone|somebody|anyone|anybody|person|human|agent) (real|human|i can|i could|there|from your team|to help|available) [to] (talk|speak|help me|help us|chat|available|please)", "(someone|somebody|anyone|anybody|person|human|agent) (to talk to|to speak to|i can talk|i can speak|available)", "(someone|somebody) else (please|on the line|to help)", "(can|could) (someone|somebody) else ~ (help|look|take)", "(want|like|need|wanna|have) [to] (speak|talk) [directly] (to|with) the", "from an agent",
        "(call|ring|phone) me back", "(someone|somebody|manager|agent|person) ~ (call|ring|phone|contact) me", "callback [please]",
        "(speak|talk|chat) (to|with|directly) [to|with] [the|a|an|your] [live|human] [customer|client|support|service|sales|help|tech|technical] "
        "(service|support|team|reception|desk|manager|department|care|agent)",
        "(transfer|connect|put|switch|pass) me [over|through|back] (to|with) [the|a|an|your] [spa|front|room|service|help|sales|customer|right|other|technical] (team|reception|desk|service|support|department|staff|spa|restaurant|kitchen|gym|manager|office|concierge)",
        "(customer|client) (service|support|care) (agent|representative|rep|person|employee|please)",
        "(stop|hate|sick|tired) ~ (bot|bots|robot|machine|chatbot)",
        "(waste|wasting|wasted) ~ time [talking] (with|on|talking) [to] [a|this|the] (bot|bots|machine|robot)",
        "(don't|do not|dont|not|rather not|refuse to) (want|wish|like|going) to (talk|speak|chat) (to|with) (you|a|an|this|the|bots|machines|robots|machine)",
        "(rather|prefer) (talk|speak|talking|speaking|chatting|to talk|to speak) (to|with) [a|an] [real|actual|human] (person|human|someone|agent|manager|somebody)",
        "(not|n't) [feel] (comfortable|happy) [with] [sharing|talking|giving] ~ (machine|bot|robot|computer)",
        "(with|to) a (machine|bot|robot|computer) [anymore]", "(is|are) there [a|an|any] [real|actual|live] (human|person|people|operator|someone|anyone|anybody)",
        "(chat|talk|word|speak|conversation) [directly] (to|with) (some|one|any|either|a member) of (your|the)", "(team|staff|reception|receptionist|desk|department) (please|pls)",
        "(real|live|actual|living|proper) (human|person|agent|operator|people|representative|rep|advisor|adviser|being|someone|somebody)", "human (being|agent|operator|representative|support|assistance|advisor)",
        "(put|patch|pass|transfer|connect|get) me (through|over) [to]", "(member|members) of [your|the] (staff|team)", "(someone|somebody|person|whoever) (in charge|responsible|who can help|that can help)", "(want|need|get|see|fetch|where) ~ your (manager|supervisor|boss|superior*|colleague*)", "(transfer|connect|pass|put) me [over|through|on|straight|directly] (to|with) (a|an|the|your|another|some|any|one|room)",
        "let me (talk|speak|chat) (to|with)", "(can|could|may) i (talk|speak|chat) (to|with) (someone|somebody|a|an|another|your)",
    ),
    "de": (
        "(mit|zu) [einem|einer|ihrem|ihrer|einen|dem|der|deinem] [echten|richtigen|realen|anderen|menschlichen|lebenden] "
        "(menschen|mensch|person|mitarbeiter|mitarbeiterin|kundenberater|berater|agenten|kollegen|kollegin|manager|chef|vorgesetzten|jemand|jemandem) "
        "(sprechen|reden|chatten|telefonieren|verbunden|verbinden|schreiben|verbind*|weiter*)",
        "(mit|zu) [einem|einer] [echten|richtigen|realen|menschlichen] (menschen|mensch|mitarbeiter|mitarbeiterin) [bitte]",
        "(jemand|jemanden|jemandem) (sprechen|reden|anrufen|verbinden|echtes|echten|anderes|anderem)", "mit jemand* ~ (sprechen|reden|chatten|schreiben)",
        "(echten|richtigen|menschlichen|realen|echter|echte) (menschen|mensch|mitarbeiter|person|ansprechpartner|berater)",
        "(verbinden|verbinde|leiten|leite|stellen|stell|geben|gib|weiterleiten) [sie] (mich|mir) ~ (mitarbeiter|menschen|mensch|jemand*|person|berater|kundenservice|kundendienst|support|manager|kollegen|chef|zentrale|abteilung)",
        "(ruf*|rufen|meldet|melden) [sie] [mich|sich] [bitte] [mich] (zuruck|an)", "ruckruf*", "ansprechpartner* (sprechen|haben|bitte)",
        "(nicht|keine lust) [mehr] mit [einem|einer|dem|der|diesem|dieser] (bot|roboter|maschine|chatbot|computer)",
        "(kundenservice|kundendienst|mitarbeiter|mensch|menschen) (sprechen|bitte|erreichen|kontaktieren)",
    ),
    "fr": (
        "(parler|discuter|echanger|chatter|communiquer|dialoguer) [directement] (a|avec) [un|une|quelqu'un|votre|l'un|des|le|la|mon|vos] "
        "[de|vrai|vraie|autre|veritable] [vos] (humain|humaine|personne|conseiller|conseillere|agent|operateur|responsable|employe|quelqu'un|conseillers|agents|service|gens|manager|etre)",
        "(parler|discuter|echanger) (a|avec) quelqu'un", "(vrai|vraie|veritable) (personne|humain|conseiller|agent|interlocuteur)",
        "(passez|passer|mettez|mettre|transferez|transferer|connectez|joindre|contacter|rediriger) [moi|me] [en] [relation|contact] [avec|a|vers] [un|une|le|votre|quelqu'un] "
        "[vrai|autre] (humain|personne|conseiller|conseillere|agent|operateur|responsable|quelqu'un|manager|superviseur)",
        "(rappelez|rappeler|rappelle) [moi]", "etre rappele*", "(un|une) (humain|conseiller|agent|operateur) (s'il|svp|stp|humain)",
        "(pas|plus) (parler|discuter) ~ (robot|machine|bot|chatbot|ordinateur)", "(service client|conseiller) (humain|joignable|svp)",
    ),
    "es": (
        "(hablar|hable|chatear|comunicarme|contactar|charlar|conversar|comunicar) [directamente] (con|a) [un|una|alguien|algun|alguna|otro|otra|el|la|su|sus|tu] "
        "[verdadera|real|verdadero] (humano|humana|persona|agente|asesor|asesora|operador|operadora|representante|empleado|encargado|encargada|gerente|responsable|supervisor|alguien|ser|ejecutivo)",
        "(hablar|chatear|comunicarme|contactar) con (alguien|atencion al cliente|servicio al cliente)",
        "(persona|humano|agente|asesor|operador) (real|humano|humana|de verdad|por favor|porfa|porfavor|fisica)",
        "(paseme|pasame|paseme|comunicame|comuniqueme|transfiereme|transfierame|conectame|conecteme|pongame|ponme|derivame|pasarme|ponerme|pasenme) [en] [contacto] (con|a) [un|una|el|la|alguien]",
        "(llameme|llamame|llamenme|llamadme|que me llamen|me pueden llamar|pueden llamarme)",
        "no quiero (hablar|chatear) con [un|una|el|la|este] (robot|bot|maquina|chatbot)", "atencion (humana|personal|personalizada)",
    ),
    "it": (
        "(parlare|parlo|chattare|comunicare|discutere|contattare|conversare) [direttamente] [con|a] [un|una|uno|qualcuno|il|la|vostro|altra|altro] "
        "[vera|vero|reale|altra|altro|essere|tuo] (umano|umana|persona|operatore|operatrice|agente|addetto|addetta|responsabile|consulente|impiegato|qualcuno|qualcun|direttore|rappresentante)",
        "(parlare|chattare) con (qualcuno|qualcun|il servizio clienti|l'assistenza|una persona|un umano)",
        "(persona|operatore|essere|assistente|agente) (reale|umano|umana|vera|vero|in carne|per favore)",
        "(mi passi|mi passa|passami|passatemi|passarmi|mettermi|mettetemi|collegami|trasferiscimi|mi metta|mi trasferisca) [in] [contatto] [con|a|un|una|al]",
        "(richiamatemi|richiamarmi|mi richiami|mi richiamate|essere richiamato|essere richiamata|chiamatemi|mi chiami)",
        "non voglio [piu] (parlare|chattare) con [un|una|questo] (robot|bot|macchina|chatbot)",
    ),
    "pt": (
        "(falar|falo|conversar|contactar|contatar|comunicar) [diretamente] [com|a] [um|uma|o|a|alguem|algum|alguma|outro|outra] "
        "[verdadeira|real|ser] (humano|humana|pessoa|atendente|agente|assistente|operador|operadora|representante|funcionario|gerente|responsavel|supervisor|alguem|colaborador)",
        "(falar|conversar) com (alguem|o atendimento|o suporte|a equipe)", "(pessoa|atendente|agente|operador) (real|humano|humana|de verdade|por favor)",
        "(atendimento|atendente) (humano|pessoal)", "(me passa|me passe|passe me|passar me|me transfere|me transfira|transferir me|me conecte|ponha me|me coloque|me coloca) [em] [contacto|contato] [para|com|a|o|ao|um|uma]",
        "(me liguem|me ligue|me liga|ligue me|liguem me|podem me ligar|ligar me de volta|me retorne)",
        "nao quero [mais] (falar|conversar) com [um|uma|esse|este|o|a] (robo|bot|maquina|chatbot|robot)",
    ),
    "nl": (
        "(spreken|praten|chatten|bellen|contact|praat|spreek) [met|opnemen] [met] [een|iemand|uw|jullie|de] [echt|echte|ander|andere|menselijke] "
        "(mens|persoon|medewerker|agent|collega|manager|iemand|adviseur|operator|baas|klantenservice)",
        "(met|een) [een] (iemand|echt|echte|menselijke|medewerker|mens|persoon|collega|leidinggevende|manager) [mens|persoon|medewerker|anders] (spreken|praten|chatten|te spreken|te praten|bellen)",
        "met iemand (spreken|praten|chatten|anders|te)", "(echt|echte|menselijke) (mens|persoon|medewerker)",
        "(verbind|doorverbinden|doorverbind|verbinden) [me|mij|mij door|me door] [met|door] [met]", "(bel|bellen) [me|mij|mij alstublieft] terug", "teruggebeld",
        "(niet|geen zin) [meer] ~ met [een|deze|de|dit] (robot|bot|chatbot|machine|computer)", "(medewerker|mens) (alstublieft|graag|aub)",
    ),
    "pl": (
        "(rozmawiac|porozmawiac|pogadac|pomowic|polaczyc|skontaktowac|rozmowa|rozmowe|rozmowy|polaczenie|kontakt|kontaktu) [sie] [bezposrednio] z [prawdziwym|zywym|jakims|innym|waszym|panstwa|kims|prawdziwa] "
        "(czlowiekiem|konsultantem|konsultantka|osoba|pracownikiem|agentem|doradca|kims|kierownikiem|przelozonym|operatorem|menedzerem|obsluga|biurem|przedstawicielem)",
        "(polacz|polaczcie|polaczyc|przelacz|przelaczcie|przekieruj|przekierowac) [mnie|sie] [mnie] [z|do] (czlowiekiem|konsultantem|konsultanta|osoba|pracownikiem|pracownika|agentem|agenta|kims|kierownikiem|doradca|obsluga)",
        "(prawdziwy|prawdziwym|prawdziwego|zywy|zywym|zywego) (czlowiek*|konsultant*|osob*|pracownik*)", "(oddzwon*|prosze o telefon|prosze o kontakt telefoniczny)",
        "nie chce [juz|wiecej] (rozmawiac|gadac|pisac) z [tym] (robotem|botem|maszyna|chatbotem|automatem)", "(konsultant|konsultanta|czlowieka) prosze",
    ),
    "tr": (
        "(gercek|canli|baska) [bir] (insan*|kisi*|temsilci*|yetkili*|operator*|calisan*|destek|biri*)",
        "(insan*|temsilci*|yetkili*|operator*|calisan*|danisman*|musteri temsilcisi*|biri|biriyle|birisi|birisiyle|mudur*|yonetici*) [ile|la] [ile] "
        "(konusmak|gorusmek|konusabilir*|gorusebilir*|baglan*|iletisime|yazismak|konusmam|gorusmem|aktar*|gorustur*|gorusturun|bagla*)",
        "(temsilciye|yetkiliye|insana|operatore|musteri hizmetlerine|birine|danismana) [canli] (bagla*|aktar*|yonlendir*|baglan*|ulas*)",
        "(beni|bizi) [geri] (arayin|arar misiniz|ara)", "(robot|bot|makine|makineyle|botla|robotla) [ile] konusmak istemiyorum",
    ),
    "ru": (
        "(поговорить|говорить|связаться|пообщаться|соединиться|общаться|переговорить|связи|связь) [напрямую] с [живым|реальным|настоящим|вашим|каким|кем] [либо|нибудь|то] "
        "(человеком|оператором|специалистом|менеджером|сотрудником|консультантом|кем|представителем|руководителем|администратором|людьми|поддержкой)",
        "(живой|живого|живым|реальный|реального|реальным|настоящий|настоящего) (человек*|оператор*|сотрудник*|консультант*|специалист*)",
        "(позовите|позови|соедините|соедини|переключите|переключи|переведите|переведи|свяжите|свяжи|дайте|дай|подключите|нужен|хочу) [меня|пожалуиста] [с|на|к] "
        "(человек*|оператор*|специалист*|менеджер*|сотрудник*|консультант*|руководител*|администратор*)",
        "(перезвоните|перезвонить|позвоните мне|обратный звонок)", "(оператор|оператора|человека) пожалуиста",
        "не хочу [больше] (говорить|общаться|разговаривать) с [этим] (роботом|ботом|машинои)",
    ),
    "ar": (
        "(التحدث|اتحدث|أتحدث|اتكلم|أتكلم|الكلام|التكلم|التواصل|أتواصل|اتواصل) [مباشرة] (مع|إلى|الى) [شخص|أحد|احد|موظف|إنسان|انسان|ممثل|مسؤول|المدير|مدير|خدمة]",
        "(شخص|موظف|إنسان|انسان|وكيل) (حقيقي|بشري|اخر|آخر)", "(حولني|حولوني|وصلني|صلني|اوصلني) [إلى|الى|ب] ",
        "(اتصلوا|اتصل) (بي|بى)", "لا أريد ~ (روبوت|الروبوت|آلة|بوت)",
    ),
}  # fmt: skip
"""By language."""

NOT: dict[str, tuple[str, ...]] = {
    "en": ("am i (talking|speaking|chatting) (to|with) [a|an] [real|actual|live] (person|human|bot|machine|agent|someone|robot)", "(are|r) you [a|an] [ai|bot] [or] [a|an] [real|actual] (person|human)", "(money|account|card|points|gift|transfer*|funds|payment|cash) ~ (someone|somebody|anyone|person)", "(someone|somebody|anyone) (stole|use*|using|access*|has|money|is using)", "(send|transfer*|give) (someone|somebody|anyone) [some] (money|funds|cash)","(no need|don't need|do not need|not necessary|needn't) [to] [be] ~ (transfer*|agent|person|human|someone)", "(contact|call|phone) (number|details|info|information|hours|form|email)"),
    "de": ("(nicht|kein*) [notig|notwendig] mit [einem] menschen zu",),
    "fr": ("pas besoin (de|d) parler",),
    "es": ("no (hace falta|necesito) hablar",),
}  # fmt: skip
"""What looks like one and is none."""
