"""Words that tell that a name follows, and names that are common. Data."""

from __future__ import annotations

INTRODUCTIONS = (
    "my name is", "my name's", "my full name is", "name is", "name:", "this is", "call me", "on behalf of", "account holder is", "account holder:", "surname:", "first name:", "last name:",
    "mein name ist", "ich heiße", "ich heisse", "ich heiß", "name ist", "hier ist", "hier spricht", "nachname:", "vorname:", "kontoinhaber:", "im namen von",
    "je m'appelle", "je m’appelle", "mon nom est", "mon nom c'est", "nom:", "nom :", "prénom:", "prénom :", "au nom de",
    "me llamo", "mi nombre es", "nombre:", "apellido:", "apellidos:", "a nombre de",
    "mi chiamo", "il mio nome è", "nome:", "cognome:", "a nome di", "a nome",
    "meu nome é", "meu nome e", "chamo-me", "me chamo", "em nome de",
    "ik heet", "mijn naam is", "naam:", "op naam van",
    "nazywam się", "nazywam sie", "mam na imię", "mam na imie", "imię:", "nazwisko:", "na nazwisko",
    "benim adım", "adım", "ismim", "adı:", "soyadı:",
    "меня зовут", "моё имя", "мое имя", "имя:", "фамилия:", "на имя",
    "اسمي", "انا اسمي", "أنا اسمي", "الاسم:",
)  # fmt: skip
"""Up to three words after one of these are a name, whatever their letters."""

TITLES = (
    "mr", "mrs", "ms", "miss", "mister", "dr", "prof", "professor", "sir", "madam", "madame", "herr", "herrn", "frau", "fräulein", "hr", "fr", "monsieur", "mme", "mlle", "mademoiselle",
    "señor", "señora", "señorita", "sr", "sra", "srta", "don", "doña", "signor", "signore", "signora", "signorina", "sig", "sig.ra", "dott", "dottor", "dottoressa", "senhor", "senhora", "dona", "meneer", "mevrouw", "dhr", "mevr", "mw",
    "pan", "pani", "panie", "pana", "panem", "bay", "bayan", "sayın", "sayin", "г-н", "г-жа", "господин", "госпожа", "السيد", "السيدة", "أستاذ", "الأستاذ", "دكتور", "الدكتور",
)  # fmt: skip

GREETINGS = (
    "dear", "hi", "hello", "hey", "good morning", "good afternoon", "good evening", "lieber", "liebe", "hallo", "guten tag", "guten morgen", "guten abend", "sehr geehrter", "sehr geehrte", "moin", "servus",
    "cher", "chère", "bonjour", "bonsoir", "salut", "hola", "buenos días", "buenas tardes", "estimado", "estimada", "querido", "querida", "ciao", "buongiorno", "buonasera", "caro", "cara", "gentile", "salve",
    "olá", "ola", "oi", "bom dia", "boa tarde", "caro", "prezado", "prezada", "beste", "dag", "goedemorgen", "goedemiddag", "geachte", "cześć", "czesc", "dzień dobry", "drogi", "droga", "witaj", "merhaba", "selam", "sayın",
    "здравствуйте", "привет", "добрый день", "уважаемый", "уважаемая", "дорогой", "дорогая", "مرحبا", "أهلا", "عزيزي", "عزيزتي", "thanks", "thank you", "danke", "merci", "gracias", "grazie", "obrigado", "obrigada", "bedankt", "dzięki", "teşekkürler", "спасибо", "شكرا",
)  # fmt: skip
"""One to three words with capitals between one of these and a comma, a mark or the line's end are a name."""

CLOSINGS = (
    "best regards", "kind regards", "regards", "best", "best wishes", "sincerely", "yours sincerely", "yours faithfully", "cheers", "many thanks", "thanks", "thank you", "yours", "love",
    "mit freundlichen grüßen", "mit freundlichen gruessen", "freundliche grüße", "viele grüße", "beste grüße", "liebe grüße", "herzliche grüße", "mfg", "lg", "vg", "gruß", "grüße", "danke", "vielen dank", "schöne grüße",
    "cordialement", "bien cordialement", "bien à vous", "salutations", "merci", "sincères salutations", "saludos", "un saludo", "saludos cordiales", "atentamente", "gracias", "cordiali saluti", "distinti saluti", "saluti", "grazie",
    "atenciosamente", "cumprimentos", "com os melhores cumprimentos", "abraços", "obrigado", "obrigada", "met vriendelijke groet", "vriendelijke groet", "groeten", "groetjes", "mvg", "bedankt",
    "pozdrawiam", "z poważaniem", "dziękuję", "saygılarımla", "saygılar", "teşekkürler", "с уважением", "спасибо", "مع تحياتي", "تحياتي", "شكرا",
)  # fmt: skip
"""One to four words with capitals after one of these, at the end of the text or alone on a line, are a name."""

NO_NAMES = frozenset(
    """there team all everyone everybody folks guys support customer customers client clients sir madam you service shop store help again both world sirs colleague colleagues friend friends the a an and or but i we it
    is are not no yes please thanks thank great good ok okay just only also here now today tomorrow back looking calling writing trying having sorry happy interested from for with about in at on of to my your our
    zusammen kunde kundin kunden damen herren team leute support nochmal wieder ihnen ihr sie du wir und oder aber ich es ist der die das ein eine kein nicht bitte danke schön sehr von mit aus für herr frau
    monsieur madame client cliente équipe service tous toutes tout le la les un une et ou mais je nous vous pas de du des pour avec cliente equipo todos todas señor señora usted el los las y o pero yo no de para con
    signore signora cliente servizio tutti tutte il lo la i gli le un una e o ma io noi non di del per con cliente equipe todos senhor senhora o os as um uma e ou mas eu nós não de do para com
    klant team allen iedereen meneer mevrouw de het een en of maar ik wij niet van voor met klient klientka państwo zespół wszyscy panie pani i lub ale ja my nie z od dla müşteri ekip herkes ve veya ama ben biz değil ile
    клиент команда все всем и или но я мы не с от для للجميع العميل فريق monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag samstag sonntag lundi mardi mercredi jeudi vendredi
    samedi dimanche lunes martes miércoles jueves viernes sábado domingo english german french deutsch""".split()  # noqa: SIM905
)
"""Words that stand where a name may, and are none."""

GIVEN_NAMES = frozenset(
    """james john robert michael david william richard thomas charles christopher daniel matthew anthony steven paul andrew joshua kenneth kevin brian george timothy ronald jason edward jeffrey ryan jacob gary nicholas eric jonathan
    stephen larry justin scott brandon benjamin samuel gregory alexander patrick jack dennis jerry tyler aaron henry douglas adam peter nathan zachary kyle walter harold mary patricia jennifer linda elizabeth barbara susan jessica
    sarah karen lisa nancy betty sandra margaret ashley kimberly emily donna michelle carol amanda melissa deborah stephanie rebecca laura sharon cynthia kathleen amy angela shirley emma brenda pamela nicole anna samantha katherine
    christine helen rachel olivia heather julie megan hannah victoria jacqueline lauren alice judith andrea cheryl jean charlotte sophie oliver harry liam noah ethan lucas mason logan elijah isabella mia amelia chloe hans klaus jürgen
    wolfgang dieter manfred uwe günter horst bernd stefan andreas matthias sebastian jan tobias florian felix lukas leon jonas niklas philipp maximilian moritz ursula monika petra sabine renate helga karin brigitte ingrid erika gisela
    claudia susanne gabriele heike anja katrin lena lea johanna katharina franziska jean pierre jacques françois nicolas julien antoine mathieu guillaume romain clément thierry olivier philippe laurent sébastien marie nathalie isabelle
    sylvie catherine françoise camille léa manon chloé céline aurélie élodie antonio josé manuel francisco juan javier carlos miguel alejandro rafael pedro pablo sergio fernando jorge luis álvaro diego maría carmen josefa isabel
    dolores pilar teresa ana cristina marta lucía elena raquel silvia giuseppe giovanni mario luigi francesco angelo vincenzo pietro salvatore carlo franco domenico bruno paolo michele giorgio aldo sergio luca marco matteo alessandro
    andrea davide lorenzo giulia chiara francesca sara martina silvia elisa alessandra valentina federica giovanna rosa joão antónio tiago rui nuno ricardo bruno gonçalo miguel inês beatriz mariana catarina joana sofia leonor
    carolina fernanda juliana camila larissa letícia jan pieter johannes hendrik willem kees daan bram thijs sander jeroen maarten johanna anneke fleur sanne lotte femke eva piotr krzysztof andrzej tomasz paweł michał marcin
    jakub adam łukasz grzegorz mateusz wojciech anna maria katarzyna małgorzata agnieszka barbara ewa krystyna magdalena joanna aleksandra monika zofia mehmet mustafa ahmet ali hüseyin hasan ibrahim murat ömer yusuf emre burak
    fatma ayşe emine hatice zeynep elif meryem merve esra büşra selin ahmed mohammed muhammad mohamed omar khaled youssef ibrahim hassan hussein mahmoud abdullah karim tariq fatima aisha khadija maryam layla noor zainab amina salma
    александр сергей дмитрий алексей андрей максим евгений иван михаил николай владимир павел артём илья анна мария елена ольга наталья екатерина татьяна ирина светлана юлия анастасия дарья محمد أحمد علي حسن حسين خالد عمر يوسف
    إبراهيم عبدالله فاطمة عائشة خديجة مريم زينب نور سارة ليلى raj priya amit rahul anjali sanjay deepak yuki hiroshi kenji sakura olga ivan dmitri sergei natasha svetlana""".split()  # noqa: SIM905
)
"""Given names that are no other words of the languages here, or seldom."""
