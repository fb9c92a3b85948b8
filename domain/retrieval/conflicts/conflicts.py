"""Conflicts between passages: two documents that give different figures for the same thing. By rule, without a model. Pure.

Two statements (sentences, rows of tables) conflict where they speak of the same thing and have other figures of the same unit. They speak of the
same thing where at least three in four of their telling words are the same; a statement that has hardly any is read with its heading and its
title. Precision comes before recall: what is not sure to be the same is none.

Which one counts: the catalogue before what was written, the knowledge base before files, the newer file before the older one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import combinations
from typing import Literal
from uuid import UUID

import msgspec

from domain.base.sentences import CELL, sentences
from domain.models.completion import Passage, Source
from domain.retrieval.conflicts.quantities import Quantity, quantities
from domain.retrieval.conflicts.statement_words import GENERIC, UNITS

VERSION = 1
"""Of the rule; goes up with any change of it."""

MOST_STATEMENTS, MOST = 150, 5
"""Statements that are compared, those of the best passages first; conflicts that are told."""

ALIKE = 0.75

_RELIABLE: dict[Source, int] = {"shop": 0, "knowledge": 1, "document": 2}

_FIGURE = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
_ENDING = re.compile(r"(?<=\w{3})(?:ings?|ed|es|en|er|e|n|s)$")

Why = Literal["catalogue", "knowledge base", "newer", "unknown"]


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Two passages, by their ids, of which `preferred` counts, for it is the catalogue's, the knowledge base's or the newer one; None: nothing
    tells which."""

    passages: tuple[str, str]
    preferred: str | None
    why: Why


class Conflicts(msgspec.Struct, frozen=True, kw_only=True):
    """`overruled`: the statements that do not count."""

    found: tuple[Conflict, ...] = ()
    overruled: tuple[str, ...] = ()


NONE = Conflicts()


class _Statement(msgspec.Struct, frozen=True):
    place: int
    text: str
    unit: str
    values: tuple[Quantity, ...]

    words: frozenset[str]
    around: frozenset[str]
    """With those of its heading and title."""


class Disagreement(msgspec.Struct, frozen=True):
    """Two statements, of the passages at these places."""

    places: tuple[int, int]
    statements: tuple[str, str]


def disagreements(passages: Sequence[Passage]) -> list[Disagreement]:
    """Of passages as they stand in a prompt."""
    if len(passages) < 2:
        return []
    abouts = [_about(passage) for passage in passages]
    return [
        Disagreement((first.place, second.place), (first.text, second.text))
        for first, second in combinations(_statements(passages), 2)
        if _differ(first, second, passages, abouts)
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
        return better, "catalogue" if better.source == "shop" else "knowledge base"
    one, other = came.get(first.document), came.get(second.document)
    if one is None or other is None or one == other:
        return None, "unknown"
    return (first if one > other else second), "newer"


def _differ(
    first: _Statement, second: _Statement, passages: Sequence[Passage], abouts: Sequence[_About]
) -> bool:
    if first.unit != second.unit or passages[first.place].document == passages[second.place].document:
        return False
    if _within(first.values, second.values) or _within(second.values, first.values):
        return False
    if not _alike(first, second):
        return False
    one, other = abouts[first.place], abouts[second.place]
    return not (one.subject - other.words and other.subject - one.words)


def _within(some: Sequence[Quantity], others: Sequence[Quantity]) -> bool:
    return all(any(each & other for other in others) for each in some)


def _alike(first: _Statement, second: _Statement) -> bool:
    if min(len(first.words), len(second.words)) >= 2:
        return _share(first.words, second.words) >= ALIKE
    one = first.words if len(first.words) >= 2 else first.around
    other = second.words if len(second.words) >= 2 else second.around
    return min(len(one), len(other)) >= 2 and _share(one, other) >= ALIKE


def _share(some: frozenset[str], others: frozenset[str]) -> float:
    return len(some & others) / len(some | others)


class _About(msgspec.Struct, frozen=True):
    """`subject`: words of a passage's heading and title that its text has as well; `words`: all of them."""

    subject: frozenset[str]
    words: frozenset[str]


def _about(passage: Passage) -> _About:
    above, text = _words(f"{passage.title} {passage.section or ''}"), _words(passage.text)
    return _About(above & text, above | text)


def _statements(passages: Sequence[Passage]) -> list[_Statement]:
    found: list[_Statement] = []
    for place, passage in enumerate(passages):
        heading, title = _words(passage.section or ""), _words(passage.title)
        for text in _parts(passage.text):
            words = _words(text)
            around = words | heading if len(words | heading) >= 2 else words | heading | title
            for unit, figures in quantities(text).items():
                found.append(_Statement(place, text, unit, tuple(figures), words, around))
        if len(found) >= MOST_STATEMENTS:
            break
    return found[:MOST_STATEMENTS]


def _parts(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if _FIGURE.search(line):
            parts = [line] if CELL in line else sentences(line)
            yield from (part for part in parts if _FIGURE.search(part))


def _words(text: str) -> frozenset[str]:
    """The telling ones, without their endings."""
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(
        _ENDING.sub("", word) for word in words if len(word) > 1 and word not in GENERIC and word not in UNITS
    )
