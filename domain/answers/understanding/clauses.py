"""A message's clauses, each of which may want something: cut at the ends of sentences, and between requests that are joined. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import msgspec

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.tokens import Text
from domain.answers.understanding.words import requests, small

Kind = Literal["small", "vague", "ask", "statement"]

_ENDS = frozenset(".?!…;\n؟。！？؛")
_STOPS = frozenset(",:–—(،")

_TABLES = Tables(
    {
        "asks": requests.ASKS,
        "does": requests.DOES,
        "joins": requests.JOINS,
        "problem": requests.PROBLEM,
        "vague": requests.VAGUE,
        "greeting": small.GREETING,
        "thanks": small.THANKS,
        "goodbye": small.GOODBYE,
    }
)
_SMALL = ("greeting", "thanks", "goodbye")

CLOSE = 2
"""Words that may stand before the one by which a clause asks."""


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens from `first` up to, without, `last`. `joined`: it was cut from the one before it by a word such as "and", or a comma."""

    first: int
    last: int
    kind: Kind
    joined: bool = False
    weak: bool = False
    """Cut before a verb alone, as in "cancel it and get my money back"."""

    problem: bool = False
    small: str | None = None
    """What it says instead of wanting something: greeting, thanks, goodbye."""


class _Marks:
    """What the phrases found, by the token that each begins at."""

    def __init__(self, words: Sequence[str], language: str | None) -> None:
        self.ends: dict[str, dict[int, int]] = defaultdict(dict)
        for found in _TABLES.of(language).find(words):
            self.ends[found.label][found.first] = found.last

    def end(self, label: str, at: int) -> int | None:
        return self.ends[label].get(at)

    def within(self, label: str, first: int, last: int) -> bool:
        return any(first <= at < last for at in self.ends[label])

    def small_up_to(self, first: int, last: int) -> int:
        """Where the greetings and thanks that a clause begins with end."""
        at = first
        while at < last:
            ends = [end for label in _SMALL if (end := self.end(label, at)) is not None and end <= last]
            if not ends:
                break
            at = max(ends)
        return at


def clauses(text: Text, language: str | None) -> list[Clause]:
    marks = _Marks(text.words, language)
    found: list[Clause] = []
    for first, last, asked in _sentences(text):
        found += _cut(text, marks, first, last, asked)
    return found


def _sentences(text: Text) -> list[tuple[int, int, bool]]:
    """From which token up to which, and whether it ends with a question mark."""
    found, first = [], 0
    for at in range(1, len(text.words) + 1):
        gap = text.gap(at) if at < len(text.words) else text.text[text.ends[-1] :]
        ends = [mark for mark in gap if mark in _ENDS]
        # 3.5 and e.g a.m: a stop without white space behind it ends nothing
        if at == len(text.words) or (ends and (ends != ["."] or not gap.endswith("."))):
            found.append((first, at, any(mark in "?؟？" for mark in gap)))
            first = at
    return found


def _cut(text: Text, marks: _Marks, first: int, last: int, asked: bool) -> list[Clause]:
    begun = marks.small_up_to(first, last)
    found = []
    if begun > first:
        label = next(label for label in _SMALL if marks.end(label, first) is not None)
        found.append(Clause(first=first, last=begun, kind="small", small=label))
    start, at, joined, weak = begun, begun + 1, False, False
    while at < last:
        behind = marks.end("joins", at)
        stop = any(mark in _STOPS for mark in text.gap(at))
        if behind is None and not stop:
            at += 1
            continue
        on = behind if behind is not None else at
        if (
            on < last
            and on > start
            and (cut := _begins(marks, on, last, behind is not None and _wants(marks, start, at)))
        ):
            found.append(_clause(marks, start, at, False, joined, weak))
            start, joined, weak = on, True, cut == "weak"
            at = on + 1
        else:
            at = max(at + 1, on)
    if start < last:
        found.append(_clause(marks, start, last, asked, joined, weak))
    return found


def _begins(marks: _Marks, at: int, last: int, verbs: bool) -> Literal["strong", "weak"] | None:
    """Whether a request begins here."""
    if (end := marks.end("asks", at)) is not None and end < last:
        return "strong"
    if verbs and marks.end("does", at) is not None and at + 1 < last:
        return "weak"
    return None


def _wants(marks: _Marks, first: int, last: int) -> bool:
    return any(
        marks.end(label, at) is not None
        for label in ("asks", "does")
        for at in range(first, min(first + CLOSE + 1, last))
    )


def _clause(marks: _Marks, first: int, last: int, asked: bool, joined: bool, weak: bool) -> Clause:
    problem = marks.within("problem", first, last)
    kind: Kind = "statement"
    if marks.small_up_to(first, last) >= last:
        kind = "small"
    elif any(
        (end := marks.end("vague", at)) is not None and end >= last - 1
        for at in range(first, min(first + CLOSE + 1, last))
    ):
        kind = "vague"
    elif (
        asked
        or marks.end("does", first) is not None
        or marks.within("asks", first, min(first + CLOSE + 1, last))
    ):
        kind = "ask"
    label = (
        next((label for label in _SMALL if marks.end(label, first) is not None), None)
        if kind == "small"
        else None
    )
    return Clause(first=first, last=last, kind=kind, joined=joined, weak=weak, problem=problem, small=label)
