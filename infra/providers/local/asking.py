"""Question words by language: what a question asks for, told by its words. Data.

English stands apart: it is looked for in every question, the others only where a word of theirs is (`is_foreign`), so that an English
question takes no longer for them.
"""

from __future__ import annotations

import re

COST, LONG, WHEN, PHONE, EMAIL, WHERE, FAR, WEIGHT, HEAT, MANY = range(10)
"""Places of the kinds in `kinds.KINDS`."""

ENGLISH = {
    COST: r"\bhow (?:much|expensive)\b|\b(?:cost|price|fee)s?\b",
    LONG: r"\bhow (?:long|soon|fast|quick(?:ly)?)\b",
    WHEN: r"\b(?:when|what time|hours|opening)\b",
    PHONE: r"\b(?:phone|telephone|call|number)\b",
    EMAIL: r"\be-?mail(?: address)?\b",
    WHERE: r"\bwhere\b|(?<!mail )\b(?:address|located|location)\b",
    FAR: r"\bhow (?:far|tall|high|deep|wide)\b",
    WEIGHT: r"\bhow heavy\b|\bweight\b",
    HEAT: r"\bhow (?:hot|warm|cold)\b|\btemperature\b",
    MANY: r"\bhow (?:many|old|big|large|bright)\b|\bsizes?\b",
}

ASKED: dict[str, dict[int, str]] = {
    "de": {
        COST: r"kostet|kosten|preise?|wie teuer|gebühr(?:en)?|was macht das",
        LONG: r"wie (?:lange|schnell|bald)",
        WHEN: r"wann|öffnungszeiten|geöffnet|um wie viel uhr",
        PHONE: r"telefon|telefonnummer|rufnummer|anrufen",
        WHERE: r"wo|wohin|adresse|standort",
        FAR: r"wie (?:weit|hoch|tief|breit|groß)",
        WEIGHT: r"wie schwer|wiegt|gewicht",
        HEAT: r"wie (?:heiß|warm|kalt)|temperatur",
        MANY: r"wie ?viele|wie (?:alt|groß)|größen?",
    },
    "es": {
        COST: r"cu[áa]nto (?:es|vale|sale)|cuestan?|precios?|tarifas?|qu[ée] vale",
        LONG: r"cu[áa]nto (?:tiempo|tardan?|duran?|demoran?)|en cu[áa]nto tiempo",
        WHEN: r"cu[áa]ndo|a qu[ée] hora|horarios?",
        PHONE: r"tel[ée]fono|llamar",
        WHERE: r"d[óo]nde|direcci[óo]n|ubicaci[óo]n",
        FAR: r"a qu[ée] distancia|qu[ée] (?:altura|anchura|profundidad)|c[óo]mo de (?:alto|ancho|lejos)",
        WEIGHT: r"pesan?|peso",
        HEAT: r"temperatura",
        MANY: r"cu[áa]nt[oa]s|tamaños?|tallas?",
    },
    "fr": {
        COST: r"co[ûu]te(?:nt)?|prix|tarifs?|c'est combien|combien (?:est|vaut)",
        LONG: r"combien de (?:temps|jours)|quel(?:le)? (?:délai|durée)|en combien",
        WHEN: r"quand|[àa] quelle heure|horaires?|heures d['’]ouverture",
        PHONE: r"téléphone|telephone|appeler",
        WHERE: r"où|ou (?:est|se trouve|sont|êtes|puis)|adresse",
        FAR: r"[àa] quelle distance|quelle (?:hauteur|largeur|profondeur|longueur)",
        WEIGHT: r"p[èe]se(?:nt)?|poids",
        HEAT: r"temp[ée]rature",
        MANY: r"combien (?:de|d['’]|y a)|tailles?",
    },
    "it": {
        COST: r"quanto (?:viene|è|fa)|costano?|costa|costi|prezz[oi]|tariff[ae]",
        LONG: r"quanto (?:tempo|dura(?:no)?|ci (?:vuole|mette|impiega))|in quant[oi]",
        WHEN: r"quando|a che ora|orari[o]?",
        PHONE: r"telefono|chiamare",
        WHERE: r"dove|dov['’]è|indirizzo",
        FAR: r"quanto (?:dista|è (?:alt|largh?|profond|lontan)[oa])|a che distanza",
        WEIGHT: r"pesano?|pesa|peso",
        HEAT: r"temperatura",
        MANY: r"quant[ie]|taglie|taglia|misur[ae]",
    },
    "pt": {
        COST: r"quanto (?:é|sai|fica)|custam?|preços?|precos?|tarifas?",
        LONG: r"quanto tempo|quanto (?:demora|dura)|em quanto",
        WHEN: r"quando|a que horas?|hor[áa]rios?",
        PHONE: r"telefone|ligar",
        WHERE: r"onde|endereço|endereco|morada",
        FAR: r"a que dist[âa]ncia|qual (?:é )?a (?:altura|largura|profundidade)",
        WEIGHT: r"pesam?|peso",
        HEAT: r"temperatura",
        MANY: r"quant[oa]s|tamanhos?",
    },
    "nl": {
        COST: r"kost|kosten|prijs|prijzen|hoe duur|tarie(?:f|ven)",
        LONG: r"hoe ?lang|hoe (?:snel|gauw)",
        WHEN: r"wanneer|hoe laat|openingstijden",
        PHONE: r"telefoon|telefoonnummer|bellen",
        WHERE: r"waar|adres",
        FAR: r"hoe (?:ver|hoog|diep|breed)",
        WEIGHT: r"hoe zwaar|weegt|gewicht",
        HEAT: r"hoe (?:heet|warm|koud)|temperatuur",
        MANY: r"hoeveel|hoe (?:oud|groot)|maten|maat",
    },
    "pl": {
        COST: r"kosztuj[eęą]|koszt|cen[ayę]|w jakiej cenie|opłat[ayę]",
        LONG: r"jak (?:długo|dlugo|szybko)|ile (?:czasu|dni|trwa)",
        WHEN: r"kiedy|o kt[óo]rej|godziny otwarcia|w jakich godzinach",
        PHONE: r"telefonu?|zadzwonić",
        WHERE: r"gdzie|adres",
        FAR: r"jak (?:daleko|wysok[oia]|głębok[oia]|szerok[oia])",
        WEIGHT: r"ile waż[yą]|jak ciężk[iae]|waga",
        HEAT: r"temperatur[ayę]",
        MANY: r"ile|ilu|rozmiar(?:y|ów)?",
    },
    "tr": {
        COST: r"ne kadar(?! (?:sür|uzak|yüksek|derin|geniş|büyük))|kaç (?:para|lira|euro|tl)|fiyat\w*|ücret\w*",
        LONG: r"ne kadar sür\w+|kaç (?:gün|saat|dakika|hafta)\w*",
        WHEN: r"ne zaman|saat kaç\w*|kaçta|çalışma saatleri\w*",
        PHONE: r"telefon\w*",
        WHERE: r"nere\w+|adres\w*",
        FAR: r"ne kadar (?:uzak|yüksek|derin|geniş)\w*",
        WEIGHT: r"kaç (?:kilo|gram)\w*|ağırlı\w+",
        HEAT: r"sıcaklı\w+|kaç derece",
        MANY: r"kaç|beden\w*",
    },
    "ru": {
        COST: r"сколько (?:стоит|стоят|будет стоить)|стоит|стоят|цен[аыуе]|почём|почем|стоимость",
        LONG: r"как (?:долго|быстро|скоро)|сколько (?:времени|длится|дней|идёт|идет|занимает)",
        WHEN: r"когда|во сколько|часы работы|режим работы|до скольки",
        PHONE: r"телефон\w*|позвонить",
        WHERE: r"где|куда|адрес\w*",
        FAR: r"как далеко|какая (?:высота|глубина|ширина|длина)",
        WEIGHT: r"весит|весят|вес",
        HEAT: r"температур\w*",
        MANY: r"сколько|размер\w*",
    },
    "ar": {
        COST: r"بكم|كم (?:سعر|ثمن|يكلف|تكلف|تكلفة)|(?:ال)?(?:سعر|ثمن)|أسعار",
        LONG: r"كم (?:يستغرق|تستغرق|من الوقت|يوما|يوم|مدة)",
        WHEN: r"متى|(?:في )?أي ساعة|ساعات العمل|مواعيد",
        PHONE: r"هاتف|الهاتف|رقم",
        WHERE: r"أين|اين|عنوان|العنوان",
        WEIGHT: r"كم (?:يزن|تزن|وزن)|وزن",
        HEAT: r"درجة الحرارة",
        MANY: r"كم عدد|كم|مقاسات?",
    },
}
"""Language → kind → how it is asked for, as a pattern of whole words."""

UNSPACED = {
    COST: r"いくら|値段|価格|料金",
    LONG: r"どのくらい|どれくらい|何日|何時間|何分|何週間",
    WHEN: r"いつ|何時(?!間)|営業時間",
    PHONE: r"電話",
    EMAIL: r"メール",
    WHERE: r"どこ|住所|場所",
    WEIGHT: r"重さ|重量",
    HEAT: r"温度|何度",
    MANY: r"いくつ|何(?:個|枚|本|人|台|冊)|サイズ",
}
"""Japanese, whose words are not parted."""

STOP = {
    "de": "der das den dem des ein eine einen einem einer ist sind bei wie wo wann wer wieviel wieviele viel viele ihr ihre ihren ich sie wir es mir mich und oder mit für zu zum zur im auf von gibt bitte haben habt hat kann können",
    "es": "el la los las un una del es son en y para por con cuánto cuanto cuánta cuánta cuántos cuantos cuántas cuantas cuándo cuando dónde donde qué que hay está están tienen su sus de se lo",
    "fr": "le la les un une des du de est sont et pour à au aux en combien quand où quel quelle quels quelles que qui vous nous votre vos ça ce cette avez il elle je se trouve l d c qu y",
    "it": "il lo la gli un una del della dei delle è sono e di per con quanto quanta quanti quante quando dove dov che ci vi avete vostro vostra si",
    "pt": "o os as um uma do da dos das é são e em no na para por com quanto quanta quantos quantas quando onde que há têm de qual fica vocês",
    "nl": "de het een is zijn en van voor met in hoe hoeveel wanneer waar wat wie jullie ik je u er kan heeft hebben",
    "pl": "ile jest są kiedy gdzie jak się w na z do i czy o ta ten to macie państwo u wasz wasza wasze",
    "tr": "ne kaç mı mi mu mü ve bu var nerede nedir zaman",
    "ru": "сколько когда где как что и в на с у вас есть это ли мне по за до из вы ваш ваша ваше какой какая какие",
    "ar": "كم متى أين اين ما هو هي هل في من على إلى عن لديكم",
}
"""Language → words that say nothing of what a question is about. They count in questions of other languages than English only."""

SIGNS = frozenset(
    [
        "der",
        "die",
        "das",
        "kostet",
        "kosten",
        "kost",
        "preis",
        "preise",
        "prix",
        "precio",
        "precios",
        "preço",
        "prezzo",
        "prezzi",
        "cena",
        "kosztuje",
        "fiyat",
        "fiyatı",
        "öffnungszeiten",
        "horaires",
        "horario",
        "horarios",
        "orario",
        "orari",
        "horário",
        "horários",
        "telefon",
        "téléphone",
        "teléfono",
        "telefono",
        "telefone",
        "telefoon",
        "telefonnummer",
        "adresse",
        "dirección",
        "indirizzo",
        "endereço",
        "adres",
        "cuesta",
        "cuestan",
        "costa",
        "costano",
        "custa",
        "custam",
        "coûte",
        "coute",
        "coûtent",
        "prijs",
        "warum",
        "welche",
        "wer",
        "größe",
        "gewicht",
        "wiegt",
        "pesa",
        "pèse",
        "waga",
        "ağırlık",
        "taille",
        "talla",
        "tamanho",
        "maat",
        "rozmiar",
        "beden",
    ]
)
"""Words that no English question holds."""

_SHARED = frozenset(
    [
        "a",
        "as",
        "com",
        "da",
        "de",
        "do",
        "du",
        "en",
        "es",
        "hay",
        "in",
        "is",
        "it",
        "la",
        "le",
        "ma",
        "me",
        "met",
        "no",
        "o",
        "on",
        "or",
        "ta",
        "ten",
        "to",
        "um",
        "van",
        "est",
        "den",
        "des",
        "dem",
        "die",
        "i",
        "e",
        "z",
        "w",
        "u",
        "y",
        "d",
        "c",
        "l",
        "s",
        "t",
    ]
)
"""Words of STOP that an English question may hold too."""

ONLY_FOREIGN = frozenset({"die", "hat", "man", "war", "was", "pour", "son", "come", "per"})
"""They say nothing in another language, and something in English."""

DROPPED = ONLY_FOREIGN.union(*(words.split() for words in STOP.values()))

_WORDS = re.compile(r"[^\W\d_]+")
_SIGNS = SIGNS.union(*(words.split() for words in STOP.values())) - _SHARED - ONLY_FOREIGN
_ENGLISH = frozenset({"the", "how", "what", "when", "where", "which", "does", "you", "your", "are"})
_SMALL = frozenset({"the", "and", "of", "for", "with", "you", "your", "our", "from", "by"})
ONE_IN = 25
"""Words of an English text, of which one at least is a small one."""

_SCRIPTS = re.compile(r"[Ѐ-ӿ؀-ۿ\u3040-\u30ff\u4e00-\u9fff]")


def is_foreign(text: str) -> bool:
    """Whether it is in another language than English, told by the small words of both."""
    if not text.isascii() and _SCRIPTS.search(text):
        return True
    said = _WORDS.findall(text.lower())
    if _SIGNS.isdisjoint(said):
        return False
    return sum(word in _SIGNS for word in said) > sum(word in _ENGLISH for word in said)


def is_english(text: str) -> bool:
    """Whether a passage is surely English; a line of a few words may be in any language."""
    said = _WORDS.findall(text.lower())
    return ONE_IN * sum(word in _SMALL for word in said) >= len(said)
