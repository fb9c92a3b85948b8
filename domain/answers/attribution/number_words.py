"""Numbers in words, and units that they count, in English, German, French and Spanish. Pure data."""

from __future__ import annotations

_WORDS = {
    "1": "one ein eine einen einem einer un une uno una",
    "2": "two zwei deux dos",
    "3": "three drei trois tres",
    "4": "four vier quatre cuatro",
    "5": "five fünf cinq cinco",
    "6": "six sechs seis",
    "7": "seven sieben sept siete",
    "8": "eight acht huit ocho",
    "9": "nine neun neuf nueve",
    "10": "ten zehn dix diez",
    "11": "eleven elf onze once",
    "12": "twelve zwölf douze doce",
    "13": "thirteen dreizehn treize trece",
    "14": "fourteen vierzehn quatorze catorce",
    "15": "fifteen fünfzehn quinze quince",
    "16": "sixteen sechzehn seize dieciséis",
    "17": "seventeen siebzehn",
    "18": "eighteen achtzehn dieciocho",
    "19": "nineteen neunzehn",
    "20": "twenty zwanzig vingt veinte",
    "21": "twenty-one einundzwanzig veintiuno",
    "24": "twenty-four vierundzwanzig vingt-quatre veinticuatro",
    "28": "twenty-eight achtundzwanzig vingt-huit veintiocho",
    "30": "thirty dreißig dreissig trente treinta",
    "40": "forty vierzig quarante cuarenta",
    "45": "forty-five fünfundvierzig quarante-cinq",
    "48": "forty-eight achtundvierzig quarante-huit",
    "50": "fifty fünfzig cinquante cincuenta",
    "60": "sixty sechzig soixante sesenta",
    "70": "seventy siebzig setenta",
    "72": "seventy-two zweiundsiebzig",
    "80": "eighty achtzig ochenta",
    "90": "ninety neunzig noventa",
    "100": "hundred hundert cent cien",
}

VALUES: dict[str, str] = {word: value for value, words in _WORDS.items() for word in words.split()}
"""Case folded word → its value in digits."""
VALUES |= {word.casefold(): value for word, value in VALUES.items()}

WORD = "(?:" + "|".join(sorted(VALUES, key=len, reverse=True)) + ")"
"""Pattern of such a word."""

UNIT = (
    "(?:days?|weeks?|months?|years?|hours?|minutes?|euros?|dollars?|pounds?|percent|per cent"
    "|tagen?|tage|wochen?|monate?n?|jahre?n?|stunden?|minuten?|prozent"
    "|jours?|semaines?|mois|ans?|heures?"
    "|días?|semanas?|mes|meses|años?|horas?|minutos?)"
)
"""Pattern of a unit that a number before it counts."""
