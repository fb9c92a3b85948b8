"""What a question may ask for, and what a statement that gives it looks like, in all languages at once. Data."""

from __future__ import annotations

import re

import msgspec

from infra.providers.local.asking import (
    ASKED,
    COST,
    EMAIL,
    ENGLISH,
    FAR,
    HEAT,
    LONG,
    MANY,
    PHONE,
    UNSPACED,
    WEIGHT,
    WHEN,
    WHERE,
)

_HOUR = "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_NUMBER = r"(?:\d[\d.,]*|an?|half|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"

_GIVEN = {
    COST: r"[$€£¥₽₺₹]|\b(?:euros?|dollars?|pounds?|usd|eur|chf|gbp|pln|cents?|free|price|percent)\b|%",
    LONG: rf"\b{_NUMBER}[ -](?:\w+ )?(?:second|minute|hour|day|week|month|year)s?\b",
    WHEN: r"\b\d{1,2}(?::\d\d| ?[ap]\.?m\b)|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:days?|weeks?|hours?|until|as soon as|noon|midnight|o['’]clock)\b"
    rf"|\b(?:from|between|at|till|by) {_HOUR}\b|\b{_HOUR} (?:to|till) {_HOUR}\b",
    PHONE: r"\+\d[\d ()/-]{6,}|\b0\d[\d ()/-]{6,}",
    EMAIL: r"\S@\S",
    WHERE: r"\b\d+ [A-Z]\w+ (?:street|road|avenue|lane|square)|\b(?:street|road|avenue|square) \d|\b(?:level|floor|opposite|station|entrance)\b",
    FAR: rf"\b{_NUMBER} (?:to \d+ )?(?:kilo|centi|milli)?(?:met(?:er|re)|mile|inch|foot|feet|k?m\b|cm\b|mm\b)",
    WEIGHT: rf"\b{_NUMBER} (?:kilo)?(?:gram|kg\b|g\b|pound|ounce|ton)",
    HEAT: r"\d ?(?:°|degrees?)",
    MANY: rf"\d|\b{_NUMBER}\b",
}

_UNITS = (
    r"(?:werk|arbeits)?tag(?:en?)?|stunden?|minuten?|wochen?|monat(?:en?)?|jahren?|d[ií]as?|horas?|minutos?|semanas?|mes(?:es)?|años?|anos?|"
    r"jours?|heures?|semaines?|mois|ans?|giorn[oi]|or[ae]|minut[oi]|settiman[ae]|mes[ei]|ann[oi]|(?:werk)?dag(?:en)?|uur|uren|weken|"
    r"maand(?:en)?|jaar|dni|dzień|godzin\w*|minut\w*|tygodni\w*|miesi\w+|(?:iş )?gün\w*|saat\w*|dakika\w*|hafta\w*|ay|"
    r"дн\w+|день|час\w*|минут\w*|недел\w+|месяц\w*|أيام|يوم\w*|ساع\w+|دقائق|دقيقة|أسابيع|أسبوع\w*"
)
_DAYS = (
    r"(?:mon|diens|donners|frei|sams|sonn)tags?|mittwochs?|lunes|martes|miércoles|jueves|viernes|sábados?|domingos?|lundi|mardi|mercredi|"
    r"jeudi|vendredi|samedi|dimanche|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|segunda|terça|quarta|quinta|sexta|maandag|"
    r"dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|poniedział\w+|wtor\w+|środ\w+|czwart\w+|piąt\w+|sobot\w+|niedziel\w+|"
    r"pazartesi|salı|çarşamba|perşembe|cuma|cumartesi|pazar|понедельник\w*|вторник\w*|сред[аыу]|четверг\w*|пятниц\w+|суббот\w+|"
    r"воскресень\w+|الاثنين|الإثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت|الأحد"
)
GIVEN: dict[int, str] = {
    COST: r"\b(?:preis|prix|precio|prezzo|preço|prijs|cena|fiyatı?|цена|السعر|euro|franken|złotych|zł|lira|tl|руб\w*|бесплатно|kostenlos|"
    r"kostenfrei|gratis|gratuit\w*|grátis|bezpłatn\w+|darmow\w+|ücretsiz|dolar\w*|dólar\w*|يورو|ريال|درهم|دينار|جنيه|دولار|مجان\w*)\b"
    r"|\d ?(?:円|ユーロ|ドル|try\b)|無料",
    LONG: rf"\b(?:\d+|ein(?:en?|er)?|zwei|drei|una?|deux|trois|dos|tres|due|tre|twee|drie|dwa|trzy|iki|üç|два|три)[ -](?:\w+ )?(?:{_UNITS})\b"
    r"|(?:يومين|ساعتين|أسبوعين)|\d ?(?:日間|日|時間|分|週間|か月|ヶ月)",
    WHEN: rf"\b(?:{_DAYS})\b|\b\d{{1,2}} ?(?:uhr|uur|h\b|heures|час\w*)|\b\d{{1,2}}h\d\d|\bgodz|\bsaat \d|الساعة|\b(?:de|das|dalle|od|van|von|от|с|من) \d{1, 2}(?:[:.]\d\d)? (?:a|às|alle|do|tot|bis|до|إلى) \d|\d ?時(?!間)|[月火水木金土日]曜",
    WHERE: r"\w(?:straße|strasse|straat|gasse|platz|plein)\b|\b(?:str\.|bahnhof|calle|plaza|avenida|viale|piazza|rua|praça|ulic[ay]|ul\.|sokak|"
    r"sokağı|cadde\w*|улиц\w+|ул\.|площад\w+|проспект\w*|شارع|ميدان)|\brue (?:de|du|des|d['’]|[a-zà-ÿ]+)|\bvia \w+ \d|丁目|番地|駅",
    FAR: r"\d ?(?:km|cm|mm|m|метр\w*|км|см|м|متر\w*|metros?|mètres?|metri|metrów|quilômetros?|kilómetros?|chilometri|メートル|センチ)\b",
    WEIGHT: r"\d ?(?:kilos?|kg|g|кг|г|грамм\w*|كيلو\w*|غرام\w*|جرام\w*|キロ|グラム)\b",
    HEAT: r"\d ?(?:grad|grados|degrés|gradi|graus|graden|stopni|derece|градус\w*|درجة|度)",
}
"""Kind → what gives it in other languages than English."""

OPTIONAL = frozenset({WHEN, WHERE})
"""Kinds that a statement may answer without the look of them."""


class Kind(msgspec.Struct, frozen=True):
    """What a question may ask for, told by its words: in English, and in all `others`; what a statement that gives it looks like. `needed`: a
    statement without it is hardly an answer."""

    asked: re.Pattern[str]
    others: re.Pattern[str] | None
    given: re.Pattern[str]
    given_elsewhere: re.Pattern[str] | None
    needed: bool

    def named(self, question: str, foreign: bool) -> list[str]:
        """Where the question asks for it."""
        found: list[str] = self.asked.findall(question)
        if foreign and self.others is not None:
            found += self.others.findall(question)
        return found


def _kind(number: int) -> Kind:
    spaced = "|".join(f"(?:{words[number]})" for words in ASKED.values() if number in words)
    others = [rf"\b(?:{spaced})\b"] if spaced else []
    others += [UNSPACED[number]] if number in UNSPACED else []
    return Kind(
        re.compile(ENGLISH[number], re.IGNORECASE),
        re.compile("|".join(others), re.IGNORECASE) if others else None,
        re.compile(_GIVEN[number], re.IGNORECASE),
        re.compile(GIVEN[number], re.IGNORECASE) if number in GIVEN else None,
        number not in OPTIONAL,
    )


KINDS = tuple(map(_kind, range(len(ENGLISH))))


def asked_kinds(question: str, foreign: bool) -> list[list[str]]:
    """For each of the KINDS, the words of the question that ask for it."""
    return [kind.named(question, foreign) for kind in KINDS]


def given_kinds(text: str, foreign: bool) -> tuple[bool, ...]:
    """Which of the KINDS a statement gives. `foreign`: its passage may be in another language than English."""
    return tuple(
        kind.given.search(text) is not None
        or (foreign and kind.given_elsewhere is not None and kind.given_elsewhere.search(text) is not None)
        for kind in KINDS
    )
