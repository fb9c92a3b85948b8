"""Cohesion: whether a clause goes on with what stands before it, or wants something else (logistic regression over what a reader goes by: form,
words in common, what points back). Pure, and the same for all languages; the words that tell are those of the lists.

`python -m bench.cohesion` fits the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from domain.answers.understanding.clauses import Clause, Kind
from domain.answers.understanding.phrases import Tables
from domain.answers.understanding.words import requests, small
from domain.answers.understanding.words.cohesion import BIAS, BOTH, WEIGHT

_FORM = Tables(
    {
        str(number): table
        for number, table in enumerate(
            (
                *(requests.ASKS, requests.JOINS, requests.NEXT, requests.SUBJECT, requests.POINTS),
                *(requests.VAGUE, small.GREETING, small.THANKS, small.GOODBYE, small.URGENT, small.AGAIN),
                small.FILLERS,
            )
        )
    }
)
"""Their words say how something is asked, and nothing of what."""

SHORTEST, STEM = 4, 6
"""Letters of a word that says what something is about, and how many of them are compared: "transfer" and "transferred" are about the same."""

FEW = {
    "content": (0, 1, 2, 3),
    "content before": (0, 1, 2, 4),
    "new content": (0, 1, 2),
    "words": (3, 5, 8),
    "words before": (3, 5, 8, 14),
}
"""Counts are told by the thresholds that they are above."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """One clause or several that want one thing. `kind`: of the clause that says what; `last`: of the latest. `names`: of known topics.
    `content`: stems of the words that say what it is about. `words`, `clauses`: how many."""

    clause: Clause
    kind: Kind
    last: Kind
    problem: bool
    names: frozenset[str]
    content: frozenset[str]
    words: int
    clauses: int = 1

    def with_(self, new: Span) -> Span:
        goes_on = self.kind in ("vague", "statement") and new.kind != "vague"
        return Span(
            clause=self.clause,
            kind=new.kind if goes_on else self.kind,
            last=new.last,
            problem=self.problem or new.problem,
            names=self.names | new.names,
            content=self.content | new.content,
            words=self.words + new.words,
            clauses=self.clauses + new.clauses,
        )


def span(clause: Clause, words: Sequence[str], names: Iterable[str], language: str | None) -> Span:
    return Span(
        clause=clause,
        kind=clause.kind,
        last=clause.kind,
        problem=clause.problem,
        names=frozenset(names),
        content=frozenset(
            word[:STEM] for word in words if len(word) >= SHORTEST and word not in _form(language)
        ),
        words=len(words),
    )


def apart(before: Span, new: Span) -> bool:
    """Whether they want different things."""
    if (certain := settled(before, new)) is not None:
        return certain
    found = signs(before, new)
    score = BIAS + sum(WEIGHT[sign] for sign in found)
    return score + sum(weight for one, two, weight in BOTH if one in found and two in found) > 0


def settled(before: Span, new: Span) -> bool | None:
    """The same where no weights are asked: a request that names another topic than the request before it is apart, also behind "and" where it points
    at nothing; two commands in one sentence are so only then, as in "cancel it and refund me". Of short ones the sets have too few to fit anything."""
    clause = new.clause
    other = bool(before.names and new.names) and not before.names & new.names
    if clause.cut == "verb":
        return other
    if (
        other
        and new.kind == "ask"
        and (before.kind == "ask" or (clause.cut == "joined" and not clause.points))
    ):
        return True
    return None


def signs(before: Span, new: Span) -> frozenset[str]:
    clause, common = new.clause, len(before.content & new.content)
    counts = {
        "content": len(new.content),
        "content before": len(before.content),
        "new content": len(new.content - before.content),
        "words": new.words,
        "words before": before.words,
    }
    said = {
        f"cut: {clause.cut}": True,
        f"kind: {new.kind}": True,
        f"kind before: {before.kind}": True,
        "asked just before": before.last == "ask",
        "vague just before": before.last == "vague",
        "several before": before.clauses > 1,
        "problem": new.problem,
        "problem before": before.problem,
        "points": clause.points,
        "same topic": bool(before.names & new.names),
        "other topic": bool(before.names and new.names) and not before.names & new.names,
        "topic": bool(new.names),
        "topic before": bool(before.names),
        "in common > 0": common > 0,
        "in common > 1": common > 1,
        **{f"begins: {label}": True for label in clause.begins},
        **{f"{name} > {few}": counts[name] > few for name, thresholds in FEW.items() for few in thresholds},
    }
    return frozenset(sign for sign, holds in said.items() if holds)


@lru_cache(maxsize=32)
def _form(language: str | None) -> frozenset[str]:
    return _FORM.words(language)
