"""Hybrid retrieval: passages found by meaning and passages found by their words, merged into one ranking. Pure.

**Weighted**: a convex combination of both scores. Each is normalised by what it can be at most (a cosine, and the share of the question's
words, both 0 to 1), so that it means the same for every question. **Reciprocal rank**: by both ranks alone, of which a passage that is
first in both has 1. Sources: Bruch, Gai, Ingber, An Analysis of Fusion Functions for Hybrid Retrieval (2023); Cormack, Clarke, Büttcher,
Reciprocal Rank Fusion (2009), whose constant is 60.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from domain.models.completion import Passage

Method = Literal["weighted", "reciprocal_rank"]

RANK = 60


class Fusion(msgspec.Struct, frozen=True, kw_only=True):
    """How they are merged. The weights count in proportion to each other."""

    method: Method = "weighted"
    semantic_weight: float = 0.7
    keyword_weight: float = 0.3


class Ranked(msgspec.Struct, frozen=True):
    """A passage, whose score is its similarity, and its `relevance` as the merged ranking has it, 0 to 1."""

    passage: Passage
    relevance: float


def fuse(
    near: Sequence[Passage],
    worded: Sequence[tuple[Passage, float]],
    limit: int,
    *,
    typed: float = 0.0,
    fusion: Fusion = Fusion(),  # noqa: B008
) -> list[Ranked]:
    """The `limit` best, of passages with the same text one.

    `near`: the most similar first; `worded`: those with most of the question's words first, each with its score. `typed`: how much of the
    question are numbers, order numbers and addresses that were found. Of these meaning knows nothing: words weigh at least as much.
    """
    words = {_place(passage): score for passage, score in worded}
    passages = {_place(each): each for each in (*(passage for passage, _ in worded), *near)}
    if fusion.method == "reciprocal_rank":
        by_meaning = _reciprocals(near)
        by_words = _reciprocals([passage for passage, _ in worded])
        scores = {each: (by_meaning.get(each, 0.0) + by_words.get(each, 0.0)) / 2 for each in passages}
    else:
        share = _share(fusion, typed) if words else 0.0
        scores = {
            place: (1 - share) * passage.score + share * words.get(place, 0.0)
            for place, passage in passages.items()
        }
    # Of the same relevance the more similar first, and then by their places, so that the same question finds the same.
    order = sorted(passages, key=lambda each: (-scores[each], -passages[each].score, each))
    return list(_distinct(Ranked(passages[each], min(max(scores[each], 0.0), 1.0)) for each in order))[:limit]


def _share(fusion: Fusion, typed: float) -> float:
    """Of the words' score in the whole."""
    both = fusion.semantic_weight + fusion.keyword_weight
    share = fusion.keyword_weight / both if both > 0 else 0.0
    return max(share, min(typed, 1.0)) if share > 0 else 0.0


def _reciprocals(passages: Sequence[Passage]) -> dict[tuple[UUID, int], float]:
    return {_place(passage): (RANK + 1) / (RANK + rank) for rank, passage in enumerate(passages, 1)}


def _distinct(ranked: Iterable[Ranked]) -> Iterable[Ranked]:
    seen: set[str] = set()
    for each in ranked:
        text = " ".join(each.passage.text.split()).casefold()
        if text not in seen:
            seen.add(text)
            yield each


def _place(passage: Passage) -> tuple[UUID, int]:
    return passage.document, passage.ordinal
