"""Promotion of a large tenant to an index of its own: what a look at it leads to. Pure, so that it can be decided again from the event."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from domain.retrieval.vector_index.recall import Recall

RULE = 1
"""Version of how it is decided; goes up with any change of that."""

SAMPLES = 200
"""Searches that a decision about recall rests on, at least."""

EFS = (100, 200, 400)
"""Candidates of a search in the graph (`ef_search`) that a trial measures; the fewest that are enough serve."""

IDLE = timedelta(days=14)
"""Without enough searches for so long an index on trial is not worth its keep."""

AGAIN, GROWN = timedelta(days=7), 1.5
"""After which time, or growth, another one is tried where one was rejected."""

Status = Literal["exact", "trial", "promoted"]
Because = Literal["recall", "size", "model", "idle", "lost", "off"]
"""Its recall is too low; there are too few chunks; another model serves; nobody searched; it is not there any more; none is wanted."""

Step = Literal["stay", "build", "promote", "renew"] | Because
"""`renew`: it was found good, and is measured anew."""


class IndexRules(msgspec.Struct, frozen=True, kw_only=True):
    """`least`: chunks from which on a tenant may have an index; `recall`: that it has to reach at p5, 0 to 1; `most`: tenants that have one
    at once, 0: none."""

    least: int = 20_000
    recall: float = 0.99
    most: int = 16


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """Vectors of the model that serves: its space, their dimension, how many there are."""

    model: str
    dimension: int
    chunks: int


class VectorIndexState(msgspec.Struct):
    """`model`, `dimension`: whose vectors the index has; `since`: it is as it is; `ef`: with which it serves, 0 where it does not."""

    status: Status = "exact"
    model: str = ""
    dimension: int = 0
    since: datetime | None = None
    ef: int = 0
    because: Because | None = None
    """Why the last one went."""

    rejected: Size | None = None
    """At which size the last one was not good enough."""


def next_step(
    state: VectorIndexState,
    size: Size,
    standing: bool,
    recalls: Sequence[Recall],
    rules: IndexRules,
    at: datetime,
) -> Step:
    """`standing`: whether the index is there; `recalls`: what was measured of it."""
    if state.status == "exact":
        large = rules.most > 0 and size.chunks >= rules.least
        return "build" if large and not _tried(state, size, at) else "stay"
    if rules.most == 0:
        return "off"
    if not standing:
        return "lost"
    if (state.model, state.dimension) != (size.model, size.dimension):
        return "model"
    if size.chunks < rules.least / 2:
        return "size"
    if state.status == "promoted":  # who has not heard of it yet goes on to measure the others, too
        recalls = [each for each in recalls if each.ef == state.ef]
    if not recalls or min(each.queries for each in recalls) < SAMPLES:
        idle = state.status == "trial" and state.since is not None and at >= state.since + IDLE
        return "idle" if idle else "stay"
    good = enough(recalls, rules) is not None
    if state.status == "trial":
        return "promote" if good else "recall"
    return "renew" if good else "recall"


def enough(recalls: Sequence[Recall], rules: IndexRules) -> int | None:
    """The fewest candidates with which the recall is reached that is wanted."""
    good = [each.ef for each in recalls if each.queries >= SAMPLES and each.at_p5 >= rules.recall]
    return min(good, default=None)


def _tried(state: VectorIndexState, size: Size, at: datetime) -> bool:
    """Whether one was rejected that would be as this one."""
    was = state.rejected
    if was is None or state.since is None or (was.model, was.dimension) != (size.model, size.dimension):
        return False
    return at < state.since + AGAIN and was.chunks / GROWN < size.chunks < was.chunks * GROWN
