"""Ranking what several sources brought: by relevance, and by how far a source is to be relied on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from domain.models.completion import Source
from domain.retrieval.fusion import Ranked, distinct

RELIABILITY: Mapping[Source, float] = {"shop": 0.02, "knowledge": 0.01, "document": 0.0}
"""What a passage's source adds in the ranking, of relevance: what is read from the shop's books before what somebody keeps up by hand, and that before
whatever was written once. Of two that fit as well it decides; over one that fits better it does not."""

CERTAIN = 0.95
"""Relevance from which on a passage is what was asked for."""


def rank(brought: Iterable[Sequence[Ranked]], limit: int) -> list[Ranked]:
    """The `limit` best of all, of passages with the same text one. Of the same weight the source that comes first, in its own order."""
    every = [each for some in brought for each in some]
    return list(distinct(sorted(every, key=_weight)))[:limit]


def _weight(each: Ranked) -> float:
    return -(each.weight + RELIABILITY[each.passage.source])
