"""Words that say nothing of what a statement is about, and units that its figures count, in English, German, French and Spanish. Pure data."""

from __future__ import annotations

_FUNCTION_WORDS = """
a an the this that these those our your we you it its is are was be been has have will can may must and or not no of to in on at by for
from with within until up as if per each every all any only about than then there here please get
der die das ein eine einen einem einer des den dem und oder nicht kein keine ist sind war wird werden hat haben kann können muss wir sie ihr
ihre unser unsere es von zu zum zur im in am an auf bei bis mit ohne für aus nach pro je ab über nur auch als wenn dann bitte innerhalb
le la les un une des du de et ou est sont nous vous il elle dans sur par pour avec sans jusqu à au aux que qui ne pas
el los las uno una unos y o es son nosotros usted en por para con sin hasta desde que no
cost costs price prices priced amount amounts total fee currently now new old takes take lasts last
"""

_SAID_WITH_FIGURES = """
kostet kosten preis preise beträgt betragen dauert derzeit zurzeit momentan jetzt neu
coûte coûtent prix durée montant cuesta cuestan precio precios dura
faq faqs guide guides policy policies terms conditions manual information info general shop store service document page version
"""

_NAMES_OF_DOCUMENTS = """
pdf txt md html docx csv agb hinweise anleitung allgemeine informationen seite
"""

_PRICES = """
price prices cost costs preis preise kosten prix precio precios prezzo prezzi prijs prijzen preço preços cena ceny fiyat fiyatı цена цены
"""

GENERIC = frozenset(f"{_FUNCTION_WORDS} {_SAID_WITH_FIGURES} {_NAMES_OF_DOCUMENTS}".split())

PRICES = frozenset(_PRICES.split())
"""Label a figure as money whose currency is not told, as in a column of a table: `Price: 12.90`."""

UNITS: dict[str, tuple[str, int]] = {
    word: unit
    for words, unit in (
        ("€ eur euro euros", ("EUR", 1)),
        ("$ usd dollar dollars", ("USD", 1)),
        ("£ gbp pound pounds", ("GBP", 1)),
        ("chf franken", ("CHF", 1)),
        ("% percent prozent", ("%", 1)),
        ("minute minutes min minuten minutos minuto", ("minutes", 1)),
        ("hour hours h hrs stunde stunden heure heures hora horas", ("minutes", 60)),
        ("day days tag tage tagen jour jours día días werktage werktagen arbeitstage", ("minutes", 1440)),
        ("week weeks woche wochen semaine semaines semana semanas", ("minutes", 10080)),
        ("month months monat monate monaten mois mes meses", ("months", 1)),
        ("year years jahr jahre jahren an ans année années año años", ("months", 12)),
        ("uhr am pm a.m p.m", ("o'clock", 1)),
        ("g gram grams gramm", ("g", 1)),
        ("kg kilo kilos kilogram kilograms kilogramm", ("g", 1000)),
        ("mm", ("mm", 1)),
        ("cm", ("mm", 10)),
        ("m meter meters metre metres", ("mm", 1000)),
        ("km", ("mm", 1_000_000)),
        ("pieces pcs items stück pièces piezas", ("pieces", 1)),
    )
    for word in words.split()
}
"""Case folded word or sign → the unit that it is of, and how many of that it is."""

KINDS = frozenset(["working", "business", "calendar", "full", "whole", "more", "or", "to", "werk", "arbeits"])
"""May stand between a figure and its unit: 14 working days."""
