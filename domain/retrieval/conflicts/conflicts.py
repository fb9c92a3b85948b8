"""Conflicts between passages: two documents that give different figures for the same thing. By rule, without a model. Pure.

Two statements (sentences, rows of tables) conflict where they speak of the same thing and have other figures of the same unit. They speak of the
same thing where at least three in four of their telling words are the same; a statement that has hardly any is read with its heading and its
title. Precision comes before recall: what is not sure to be the same is none.

Which one counts: the catalogue before what was written, the knowledge base before files, all of these before the internet, the newer file before the
older one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import combinations, islice
from typing import Literal
from uuid import UUID

import msgspec

from domain.base.kept import kept
from domain.base.sentences import CELL, sentences
from domain.models.completion import Passage, Source
from domain.retrieval.conflicts.quantities import Quantity, quantities
from domain.retrieval.conflicts.statement_words import GENERIC, UNITS

VERSION = 2
"""Of the rule; goes up with any change of it."""

MOST_STATEMENTS, MOST = 150, 5
"""Statements that are compared, those of the best passages first; conflicts that are told."""

ALIKE = 0.75

_RELIABLE: dict[Source, int] = {"shop": 0, "knowledge": 1, "document": 2, "internet": 3}

Why = Literal["catalogue", "knowledge base", "own document", "newer", "unknown"]
_WHY: dict[Source, Why] = {"shop": "catalogue", "knowledge": "knowledge base", "document": "own document"}

_FIGURE = re.compile(r"\d")
_ROW = re.compile(r"[^:;]+: [^;]*(?:; [^:;]+: [^;]*)+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NOT_TELLING = frozenset(GENERIC) | frozenset(UNITS)
_ENDING = re.compile(r"(?<=\w{3})(?:ings?|ed|es|en|er|e|n|s)$")


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Two passages, by their ids, of which `preferred` counts, for it is the catalogue's, the knowledge base's, of the tenant's
    own documents or the newer one; None: nothing
    tells which."""

    passages: tuple[str, str]
    preferred: str | None
    why: Why


class Conflicts(msgspec.Struct, frozen=True, kw_only=True):
    """`overruled`: the statements that do not count."""

    found: tuple[Conflict, ...] = ()
    overruled: tuple[str, ...] = ()


NONE = Conflicts()


class _Statement:
    """A sentence, or a row, and its figures of one unit. Its words are taken when they are asked for: most statements meet no other figure."""

    def __init__(self, place: int, passage: Passage, text: str, values: tuple[Quantity, ...]) -> None:
        self.place, self.passage, self.text, self.values = place, passage, text, values
        self.readings = Quantity().union(*values)

    @cached_property
    def words(self) -> frozenset[str]:
        return _words(_without_labels(self.text))

    @cached_property
    def around(self) -> frozenset[str]:
        """With those of its heading, and of its title where these are hardly any."""
        around = self.words | _words(self.passage.section or "")
        return around if len(around) >= 2 else around | _words(self.passage.title)


class Disagreement(msgspec.Struct, frozen=True):
    """Two statements, of the passages at these places."""

    places: tuple[int, int]
    statements: tuple[str, str]


def disagreements(passages: Sequence[Passage]) -> list[Disagreement]:
    """Of passages as they stand in a prompt."""
    if len(passages) < 2:
        return []
    abouts = [_About(passage) for passage in passages]
    return [
        Disagreement((first.place, second.place), (first.text, second.text))
        for first, second in _pairs(passages)
        if _differ(first, second) and _of_one_subject(abouts[first.place], abouts[second.place])
    ]


def resolved(
    found: Sequence[Disagreement], passages: Sequence[Passage], came: Mapping[UUID, datetime]
) -> Conflicts:
    """`came`: when each file did; another version of one is another document."""
    conflicts: dict[tuple[int, int], Conflict] = {}
    overruled: list[str] = []
    for each in found:
        one, other = (passages[place] for place in each.places)
        preferred, why = _preferred(one, other, came)
        conflict = Conflict(
            passages=(one.id, other.id), preferred=None if preferred is None else preferred.id, why=why
        )
        conflicts.setdefault(each.places, conflict)
        if preferred is not None:
            overruled.append(each.statements[1 if preferred is one else 0])
    return Conflicts(found=tuple(conflicts.values())[:MOST], overruled=tuple(dict.fromkeys(overruled)))


def conflict_lines(conflicts: Sequence[Conflict], passages: Sequence[Passage]) -> list[str]:
    """For a prompt: by numbers alone, for the words are the documents', and go with them."""
    numbers = {passage.id: number for number, passage in enumerate(passages, 1)}
    lines = []
    for each in conflicts:
        first, second = sorted(numbers[id] for id in each.passages)
        told = f"Documents {first} and {second} give different figures for what seems to be the same thing: "
        if each.preferred is None:
            lines.append(f"{told}where you need it, say that it is not certain.")
        else:
            because = "the newer one" if each.why == "newer" else f"from the {each.why}"
            lines.append(f"{told}go by document {numbers[each.preferred]}, which is {because}.")
    return lines


def _preferred(first: Passage, second: Passage, came: Mapping[UUID, datetime]) -> tuple[Passage | None, Why]:
    if first.source != second.source:
        better = min(first, second, key=lambda each: _RELIABLE[each.source])
        return better, _WHY[better.source]
    one, other = came.get(first.document), came.get(second.document)
    if one is None or other is None or one == other:
        return None, "unknown"
    return (first if one > other else second), "newer"


def _pairs(passages: Sequence[Passage]) -> Iterator[tuple[_Statement, _Statement]]:
    """Statements of two documents with figures of one unit, in the order in which they stand."""
    by_unit: defaultdict[str, list[tuple[int, _Statement]]] = defaultdict(list)
    for number, (unit, statement) in enumerate(islice(_statements(passages), MOST_STATEMENTS)):
        by_unit[unit].append((number, statement))
    found = [
        (one, other, first, second)
        for some in by_unit.values()
        for (one, first), (other, second) in combinations(some, 2)
        if first.passage.document != second.passage.document
    ]
    yield from ((first, second) for *_, first, second in sorted(found, key=lambda pair: pair[:2]))


def _differ(first: _Statement, second: _Statement) -> bool:
    """The cheapest look first."""
    if _within(first, second) or _within(second, first):
        return False
    return _alike(first, second)


def _of_one_subject(one: _About, other: _About) -> bool:
    return not (one.subject - other.words and other.subject - one.words)


def _within(first: _Statement, second: _Statement) -> bool:
    """Whether each figure of the first may be one of the second."""
    return not any(map(second.readings.isdisjoint, first.values))


def _alike(first: _Statement, second: _Statement) -> bool:
    if min(len(first.words), len(second.words)) >= 2:
        return _share(first.words, second.words) >= ALIKE
    one = first.words if len(first.words) >= 2 else first.around
    other = second.words if len(second.words) >= 2 else second.around
    return min(len(one), len(other)) >= 2 and _share(one, other) >= ALIKE


def _share(some: frozenset[str], others: frozenset[str]) -> float:
    return len(some & others) / len(some | others)


class _About:
    """What a passage is about, by its words, taken when they are asked for."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage

    @cached_property
    def _above(self) -> frozenset[str]:
        return _words(f"{self._passage.title} {self._passage.section or ''}")

    @cached_property
    def _text(self) -> frozenset[str]:
        return _words(self._passage.text)

    @cached_property
    def subject(self) -> frozenset[str]:
        """Words of its heading and title that its text has as well."""
        return self._above & self._text

    @cached_property
    def words(self) -> frozenset[str]:
        return self._above | self._text


def _statements(passages: Sequence[Passage]) -> Iterator[tuple[str, _Statement]]:
    """Each with its unit. What a customer has paid at some time is at odds with no price of today."""
    for place, passage in enumerate(passages):
        if passage.source == "purchase":
            continue
        for begin, end, unit, values in _figured(passage.text):
            yield unit, _Statement(place, passage, passage.text[begin:end], values)


@kept(512)
def _figured(text: str) -> tuple[tuple[int, int, str, tuple[Quantity, ...]], ...]:
    """Where its statements begin and end that have figures with a unit, and these, in order."""
    found, end = [], 0
    for part in _parts(text):
        begin = text.index(part, end)
        end = begin + len(part)
        found += [(begin, end, unit, tuple(figures)) for unit, figures in quantities(part).items()]
    return tuple(found)


def _parts(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if _FIGURE.search(line):
            parts = [line] if CELL in line else sentences(line)
            yield from (part for part in parts if _FIGURE.search(part))


def _without_labels(text: str) -> str:
    """Of a row (`column: value; column: value`) what stands in it, not what its columns are called: two tables seldom call them the same."""
    if _ROW.fullmatch(text) is None:
        return text
    return "; ".join(cell.partition(": ")[2] for cell in text.split("; "))


def _words(text: str) -> frozenset[str]:
    """The telling ones, without their endings."""
    return frozenset(map(_stem, set(_WORD.findall(text.casefold())) - _NOT_TELLING))


@lru_cache(2048)
def _stem(word: str) -> str:
    return _ENDING.sub("", word)
