"""Quantities in a text: figures with their units, as `14 working days`, `€ 5,99`, `9 - 18 Uhr`, in whatever notation. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

from domain.retrieval.conflicts.statement_words import KINDS, PRICES, UNITS
from domain.retrieval.terms import values

Quantity = frozenset[Decimal]
"""What a figure may mean, in its unit: 1.299 is 1299, or a bit more than one."""

MONEY = frozenset({"EUR", "USD", "GBP", "CHF"})
ANY = "any currency"
LABELLED = 20
"""Characters before a figure in which its label is looked for."""

_FIGURE = re.compile(r"\d+(?:[.,:'’]\d+)*")
_BEHIND = re.compile(r"[\s-]*(?:([^\W\d_]+)[\s-]+)?([^\W\d_]+|[€$£%])")
_BEFORE = re.compile(r"([A-Za-z]{3}|[€$£])\s?\Z")
_LABEL = re.compile(r"([^\W\d_]+|[€$£])\)?\s*[:=]\s*\Z")
_AFTERNOON = re.compile(r"\s*p\.?\s?m\b", re.IGNORECASE)
_MORNING = re.compile(r"\s*a\.?\s?m\b", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|–|to|bis|à|or|oder)\s*")


def quantities(text: str) -> dict[str, list[Quantity]]:
    """Unit → its figures in order; the first figure of a range has the unit of the last. One that only its label calls a price may be of any currency. Figures
    without a unit, and dates, are none."""
    found: dict[str, list[Quantity]] = {}
    before: re.Match[str] | None = None
    for match in _FIGURE.finditer(text):
        unit = _unit(text, match)
        if unit is not None:
            ranged = before is not None and _RANGE.fullmatch(text[before.end() : match.start()])
            for each in (before, match) if ranged and before is not None else (match,):
                afternoon = each is match and _AFTERNOON.match(text, match.end()) is not None
                if quantity := _quantity(each[0], unit[1], afternoon):
                    for name in sorted(MONEY) if unit[0] == ANY else (unit[0],):
                        found.setdefault(name, []).append(quantity)
        before = match if unit is None else None
    return found


def _unit(text: str, match: re.Match[str]) -> tuple[str, int] | None:
    """Behind the figure; money before it as well."""
    end = match.end()
    if ":" in match[0] or _AFTERNOON.match(text, end) or _MORNING.match(text, end):
        return UNITS["uhr"]
    if (behind := _BEHIND.match(text, end)) is not None:
        first, second = (None if each is None else each.casefold() for each in behind.groups())
        if first is None or first in KINDS:
            if second in UNITS:
                return UNITS[second]
        elif first in UNITS:
            return UNITS[first]
    if (money := _BEFORE.search(text[max(0, match.start() - 4) : match.start()])) is not None:
        unit = UNITS.get(money[1].casefold())
        return unit if unit is not None and unit[0] in MONEY else None
    return _labelled(text, match.start())


def _labelled(text: str, begin: int) -> tuple[str, int] | None:
    """Money by what stands before its colon: `Price: 12.90`, `Preis (EUR): 12,90`."""
    label = _LABEL.search(text[max(0, begin - LABELLED) : begin])
    if label is None:
        return None
    name = label[1].casefold()
    unit = UNITS.get(name)
    if unit is not None and unit[0] in MONEY:
        return unit
    return (ANY, 1) if name in PRICES else None


def _quantity(figure: str, times: int, afternoon: bool) -> Quantity:
    readings = [each for each in values(figure.replace(":", ".")) if each.replace(".", "", 1).isdecimal()]
    meanings = {Decimal(each) * times for each in readings}
    return Quantity(meanings | {each + 12 for each in meanings if afternoon and each < 12})
