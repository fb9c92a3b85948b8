"""Figures in texts: whether one text has all that another one says, in whatever notation: 1.299,00 is 1,299; 18:30 is 6.30 pm; 14 is fourteen. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set

from domain.answers.attribution.number_words import UNIT, VALUES, WORD
from domain.base.kept import kept

Figure = tuple[frozenset[str], ...]
"""What a figure may mean, each as plain decimals that must all be there; any of them will do."""

_SPACES = " \u00a0\u2009\u202f"
_FIGURE = re.compile(rf"\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,:'’]\d+)*")
_BETWEEN = re.compile(rf"[.,:'’{_SPACES}]")
_WHOLE = re.compile(r"\d+")
_AFTERNOON = re.compile(rf"[{_SPACES}]?p\.?\s?m\b", re.IGNORECASE)
_QUANTITY = re.compile(rf"\b({WORD})[{_SPACES}-](?:\w+[{_SPACES}-])?{UNIT}\b", re.IGNORECASE)
"""Fourteen working days. `one of ours` and `two ways to pay` say nothing that a passage must have word by word."""

_WORD = re.compile(r"\w+(?:-\w+)*")


def claimed(text: str) -> tuple[Figure, ...]:
    """The figures of a text, which a passage must have that it rests on; of those in words the ones that count a unit."""
    figures = [_meanings(each, text) for each in _FIGURE.finditer(text)]
    figures += [(frozenset({VALUES[each[1].casefold()]}),) for each in _QUANTITY.finditer(text)]
    return tuple(figures)


@kept(512)
def known_in(text: str) -> frozenset[str]:
    """All values that figures of a text may have, as plain decimals."""
    found = set(_in_words(text))
    for match in _FIGURE.finditer(text):
        found.update(_readings(match, text))
        if len(parts := _parts(match[0])) > 2 or any(space in match[0] for space in _SPACES):
            found.update(str(int(part)) for part in parts)  # a date, or a row of figures
    return frozenset(found)


def stands_in(figure: Figure, texts: Sequence[Set[str]]) -> bool:
    """Whether one of the texts has it, each given by its values."""
    return any(meaning <= known for known in texts for meaning in figure)


def _in_words(text: str) -> Iterator[str]:
    """Values of the numbers in words. `twenty-one` is 21, neither 20 nor 1; `one-day` is 1."""
    for word in _WORD.findall(text.casefold()):
        if (value := VALUES.get(word)) is not None:
            yield value
        elif "-" in word:
            first, *rest = word.split("-")
            for second in (*rest, ""):
                if (value := VALUES.get(f"{first}-{second}")) is not None:
                    yield value
                    first = ""
                    continue
                if (value := VALUES.get(first)) is not None:
                    yield value
                first = second


def _meanings(match: re.Match[str], text: str) -> Figure:
    parts = _parts(match[0])
    found = [frozenset({reading}) for reading in _readings(match, text)]
    if len(parts) == 3 and all(len(part) in (1, 2, 4) for part in parts):
        found.append(
            frozenset(str(int(part)) for part in parts)
        )  # a date: there it may be written with the month's name
    return tuple(found)


def _parts(figure: str) -> list[str]:
    return _WHOLE.findall(figure)


def _readings(match: re.Match[str], text: str) -> Iterator[str]:
    """Its values as plain decimals: what parts its digits may mark thousands, or decimals, or minutes."""
    *whole, last = _parts(match[0])
    values = list[str]()
    if not whole:
        values.append(str(int(last)))
    else:
        if len(last) == 3 and len(whole[0]) <= 3 and all(len(part) == 3 for part in whole[1:]):
            values.append(str(int("".join((*whole, last)))))
        if _BETWEEN.findall(match[0])[-1] not in f"'’{_SPACES}":
            decimals = "".join(str(int(digit)) for digit in last).rstrip("0")
            values.append(f"{int(''.join(whole))}.{decimals}".rstrip("."))
    yield from values
    if _AFTERNOON.match(text, match.end()):
        for value in values:
            hour, point, minutes = value.partition(".")
            if len(hour) <= 2 and int(hour) < 12:
                yield f"{int(hour) + 12}{point}{minutes}"
