"""A message's clauses, each of which may want something: cut at the ends of sentences, and between requests that are joined. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

import msgspec

from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.tokens import Text
from domain.answers.understanding.words import requests, small

Kind = Literal["small", "vague", "ask", "statement"]
Cut = Literal["sentence", "next", "joined", "comma", "verb"]
"""A sentence of its own; behind a word such as "also"; behind "and"; behind a comma; behind them, a verb alone, as in "cancel it and refund me"."""

_ENDS = frozenset(".?!…;\n؟。！？؛")
_STOPS = frozenset(",:–—(،")

_TABLES = Tables(
    {
        "asks": requests.ASKS,
        "does": requests.DOES,
        "joins": requests.JOINS,
        "next": requests.NEXT,
        "subject": requests.SUBJECT,
        "points": requests.POINTS,
        "problem": requests.PROBLEM,
        "vague": requests.VAGUE,
        "greeting": small.GREETING,
        "thanks": small.THANKS,
        "goodbye": small.GOODBYE,
    }
)
_SMALL = ("greeting", "thanks", "goodbye")

BEGINS = ("asks", "does", "joins", "next", "subject", "points")

CLOSE = 2
"""Words that may stand before the one by which a clause asks."""


class Clause(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens from `first` up to, without, `last`. `cut`: how it is parted from the one before it."""

    first: int
    last: int
    kind: Kind
    cut: Cut = "sentence"
    problem: bool = False
    points: bool = False
    """It has words for what was said just before."""

    begins: tuple[str, ...] = ()
    """Which of the word lists `BEGINS` its first words stand in."""

    small: str | None = None
    """What it says instead of wanting something: greeting, thanks, goodbye."""


class _Marks:
    """What the phrases found, by the token that each begins at."""

    def __init__(self, words: Sequence[str], language: str | None) -> None:
        self.ends: dict[str, dict[int, int]] = defaultdict(dict)
        self._begins: dict[str, list[int]] = defaultdict(list)
        for found in _TABLES.of(language).find(words):
            self.ends[found.label][found.first] = found.last
            self._begins[found.label].append(found.first)

    def end(self, label: str, at: int) -> int | None:
        return self.ends[label].get(at)

    def within(self, label: str, first: int, last: int) -> bool:
        begins = self._begins[label]
        at = bisect_left(begins, first)
        return at < len(begins) and begins[at] < last

    def pointed(self, last: int) -> bool:
        """Whether a clause ends with a word for what was said before, as in "can you report it"."""
        return any(self.end("points", at) == last for at in (last - 1, last - 2))

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
    start, found = marks.small_up_to(first, last), []
    if start > first:
        label = next(label for label in _SMALL if marks.end(label, first) is not None)
        found.append(Clause(first=first, last=start, kind="small", small=label))
    at = start + 1
    cut: Cut = "sentence"
    while at < last:
        following = marks.end("next", at)
        behind = following or marks.end("joins", at)
        stop = any(mark in _STOPS for mark in text.gap(at))
        if behind is None and not stop:
            at += 1
            continue
        on = behind or at
        begun = (
            _begins(
                marks, start, at, on, last, following is not None, "comma" if behind is None else "joined"
            )
            if start + 1 < at < on + 1 <= last - 1
            else None
        )
        if begun is None:
            at = max(at + 1, on)
            continue
        found.append(_clause(marks, start, at, False, cut))
        start, at, cut = on, on + 1, begun
    if start < last:
        found.append(_clause(marks, start, last, asked, cut))
    return found


def _begins(
    marks: _Marks, first: int, end: int, at: int, last: int, following: bool, joined: Cut
) -> Cut | None:
    """How another request begins at a token, behind the clause from `first` up to `end`; `joined`: by what it would be parted from it."""
    wants = any(
        marks.end(label, first + n) is not None
        for label in ("asks", "does")
        for n in range(CLOSE + 1)
        if first + n < end
    )
    problem = marks.within("problem", first, end)
    asks = (behind := marks.end("asks", at)) is not None and behind < last
    does = marks.end("does", at) is not None
    subject = marks.end("subject", at) is not None
    if following and at + 2 < last and (asks or does or subject):
        return "next"
    if asks:
        return joined
    if does and wants:
        return "verb"
    if subject and wants and at + 2 < last:
        return joined
    return joined if subject and problem and marks.within("problem", at, last) else None


def _clause(marks: _Marks, first: int, last: int, asked: bool, cut: Cut) -> Clause:
    kind: Kind = "statement"
    begin = range(first, min(first + CLOSE + 1, last))
    if marks.small_up_to(first, last) >= last:
        kind = "small"
    elif _leans(marks, begin, last, cut):
        kind = "vague"
    elif (
        asked
        or marks.end("does", first) is not None
        or any(marks.end("asks", at) is not None for at in begin)
    ):
        kind = "ask"
    label = (
        next((label for label in _SMALL if marks.end(label, first) is not None), None)
        if kind == "small"
        else None
    )
    return Clause(
        first=first,
        last=last,
        kind=kind,
        cut=cut,
        problem=marks.within("problem", first, last),
        points=marks.within("points", first, last),
        begins=tuple(label for label in BEGINS if marks.end(label, first) is not None),
        small=label,
    )


def _leans(marks: _Marks, begin: range, last: int, cut: Cut) -> bool:
    """Whether a clause says nothing without what stands beside it."""
    vague = any((end := marks.end("vague", at)) is not None and end >= last - 1 for at in begin)
    return vague or (cut != "next" and marks.pointed(last))
