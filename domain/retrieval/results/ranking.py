"""Ranking what several sources brought: by relevance, by how far a source is to be relied on, by what the customer has looked at, and by recency. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from domain.models.completion import Source
from domain.retrieval.fusion import Ranked, distinct

RELIABILITY: Mapping[Source, float] = {
    "purchase": 0.02, "shop": 0.02, "knowledge": 0.01, "document": 0.0, "internet": -0.1,
}  # fmt: skip
"""What a passage's source adds in the ranking, of relevance: what is read from the shop's books before what somebody keeps up by hand, and that before
whatever was written once, and that before what others say. Of two that fit as well it decides; over one that fits better it does not."""

INTEREST, LIKING = 0.03, 0.008
"""What it adds, of relevance, that a passage names what the customer looked at last, or earlier: the second is less than the first, and than any difference between sources."""

RECENCY, HALF_LIFE = 0.005, timedelta(days=180)
"""What it adds, of relevance, that it came this moment, and after how long it adds half as much: less than any difference between sources. What nobody knows
the age of counts as old."""

CERTAIN = 0.95
"""Relevance from which on a passage is what was asked for."""


def rank(
    brought: Iterable[Sequence[Ranked]],
    limit: int,
    interests: Sequence[str] = (),
    now: datetime | None = None,
    likings: Sequence[str] = (),
) -> list[Ranked]:
    """The `limit` best of all, of passages with the same text one. Of the same weight the source that comes first, in its own order. `interests`: names of
    what was looked at last; `likings`: earlier; `now` None: age does not count."""
    names, earlier = _folded(interests), _folded(likings)

    def weight(each: Ranked) -> float:
        passage = each.passage
        said = f"{passage.title}\n{passage.text}".casefold() if names or earlier else ""
        liked = INTEREST if any(name in said for name in names) else 0.0
        liked = liked or (LIKING if any(name in said for name in earlier) else 0.0)
        return -(each.weight + RELIABILITY[passage.source] + liked + _recency(passage.came_at, now))

    every = [each for some in brought for each in some]
    return list(distinct(sorted(every, key=weight)))[:limit]


def _folded(names: Sequence[str]) -> list[str]:
    return [name.casefold() for name in names if name.strip()]


def _recency(came_at: datetime | None, now: datetime | None) -> float:
    if came_at is None or now is None:
        return 0.0
    return RECENCY * float(0.5 ** (max(now - came_at, timedelta(0)) / HALF_LIFE))
