"""The context window: what an answer's prompt may hold, by priority, within a budget of tokens; and what it did not hold. Pure.

The rules, the question and what is known for good have their place. The rest competes, in this order: the latest turns, the best passages,
the summary, then earlier turns and further passages in turn. Whatever does not fit is left out as a whole, and on record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from domain.models.completion import Passage, Turn
from domain.retrieval.results.lookup import Lookup, Outcome

RECENT, BEST = 4, 3
"""Turns and passages that come before the summary."""

OVERHEAD = 8
"""Tokens of a turn, or of the lines around a passage, beside its text."""

Left = Literal["history", "passage", "summary", "facts"]
Why = Literal["budget", "injection", "afresh", "no_vector", "late", "failed"]


class Cut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the prompt does not hold: how many of `kind`, and how many tokens (0: not counted). budget: they did not fit; injection: they give orders to
    the agent; afresh: the customer has left them behind; no_vector: passages were looked for by words alone, since the questions' vector could not
    be made, and nobody knows how many more there are (0); late, failed: what a source was asked for did not come in time, or at all. `names`: the ids
    of passages, or the names of those sources."""

    kind: Left
    why: Why
    count: int
    tokens: int = 0
    names: tuple[str, ...] = ()


WITHOUT_VECTOR = Cut(kind="passage", why="no_vector", count=0)

_NOT_ASKED: tuple[tuple[Why, frozenset[Outcome]], ...] = (
    ("late", frozenset({"late", "busy"})),
    ("failed", frozenset({"failed"})),
)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    history: tuple[Turn, ...]
    passages: tuple[Passage, ...]
    summary: str | None
    cut: tuple[Cut, ...] = ()


def not_asked(lookups: Sequence[Lookup]) -> tuple[Cut, ...]:
    """What did not come of sources that were asked."""
    cut = []
    for why, outcomes in _NOT_ASKED:
        if names := tuple(each.source for each in lookups if each.outcome in outcomes):
            cut.append(Cut(kind="passage", why=why, count=0, names=names))
    return tuple(cut)


def fit(
    history: Sequence[Turn],
    passages: Sequence[Passage],
    summary: str | None,
    *,
    budget: int,
    count: Callable[[str], int],
) -> Window:
    """As much as `budget` tokens hold; it may be negative, where the rest of the prompt takes more already. `count`: tokens of a text.

    History is cut from its beginning, passages from their end; so what is left is what a reader would expect.
    """
    turns = [OVERHEAD + count(turn.text) for turn in history]
    found = [3 * OVERHEAD + count(passage.text) for passage in passages]
    known = 0 if summary is None else OVERHEAD + count(summary)
    left, kept, best, summed = budget, 0, 0, False

    def turn() -> bool:
        nonlocal left, kept
        if kept == len(turns) or turns[-1 - kept] > left:
            return False
        left -= turns[-1 - kept]
        kept += 1
        return True

    def passage() -> bool:
        nonlocal left, best
        if best == len(found) or found[best] > left:
            return False
        left -= found[best]
        best += 1
        return True

    while kept < RECENT and turn():
        pass
    while best < BEST and passage():
        pass
    if summary is not None and known <= left:
        left, summed = left - known, True
    more = True
    while more:
        # Neither goes past a one that did not fit: a gap in what was said would mislead.
        more = turn()
        more = passage() or more
    return Window(
        history=tuple(history[len(history) - kept :]),
        passages=tuple(passages[:best]),
        summary=summary if summed else None,
        cut=_cut(turns[: len(turns) - kept], found[best:], passages[best:], None if summed else known),
    )


def _cut(
    turns: Sequence[int], found: Sequence[int], passages: Sequence[Passage], summary: int | None
) -> tuple[Cut, ...]:
    cut = []
    if turns:
        cut.append(Cut(kind="history", why="budget", count=len(turns), tokens=sum(turns)))
    if found:
        names = tuple(each.id for each in passages)
        cut.append(Cut(kind="passage", why="budget", count=len(found), tokens=sum(found), names=names))
    if summary:
        cut.append(Cut(kind="summary", why="budget", count=1, tokens=summary))
    return tuple(cut)
