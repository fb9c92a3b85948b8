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
from domain.retrieval.knowledge import HIGHEST, USUAL

Method = Literal["weighted", "reciprocal_rank"]

RANK = 60

EMPHASIS = 0.05
"""Of relevance, as which the highest priority counts; the lowest counts as much against a passage."""


class Fusion(msgspec.Struct, frozen=True, kw_only=True):
    """How they are merged. The weights count in proportion to each other."""

    method: Method = "weighted"
    semantic_weight: float = 0.7
    keyword_weight: float = 0.3


class Ranked(msgspec.Struct, frozen=True):
    """A passage, whose score is its similarity, and its `relevance` as the merged ranking has it, 0 to 1. `weight`: what it is ranked by, its
    relevance with what its priority adds."""

    passage: Passage
    relevance: float
    weight: float


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
        by_meaning = _reciprocals([(each, each.score) for each in near])
        by_words = _reciprocals(worded)
        scores = {each: (by_meaning.get(each, 0.0) + by_words.get(each, 0.0)) / 2 for each in passages}
    else:
        share = _share(fusion, typed) if words else 0.0
        scores = {
            place: (1 - share) * passage.score + share * words.get(place, 0.0)
            for place, passage in passages.items()
        }
    ranks = fusion.method == "reciprocal_rank"  # which tell of priorities already
    weighed = {place: scores[place] + (0.0 if ranks else _emphasis(each)) for place, each in passages.items()}
    # Of the same weight the more similar first, and then by their places, so that the same question finds the same.
    order = sorted(passages, key=lambda each: (-weighed[each], -passages[each].score, each))
    ranked = (Ranked(passages[each], min(max(scores[each], 0.0), 1.0), weighed[each]) for each in order)
    return list(distinct(ranked))[:limit]


def _emphasis(passage: Passage) -> float:
    """What its priority adds in the ranking; its relevance stays what it is."""
    return EMPHASIS * (passage.priority - USUAL) / (HIGHEST - USUAL)


def _share(fusion: Fusion, typed: float) -> float:
    """Of the words' score in the whole."""
    both = fusion.semantic_weight + fusion.keyword_weight
    share = fusion.keyword_weight / both if both > 0 else 0.0
    return max(share, min(typed, 1.0)) if share > 0 else 0.0


def _reciprocals(scored: Sequence[tuple[Passage, float]]) -> dict[tuple[UUID, int], float]:
    passages = [each for each, _ in sorted(scored, key=lambda each: -each[1] - _emphasis(each[0]))]
    return {_place(passage): (RANK + 1) / (RANK + rank) for rank, passage in enumerate(passages, 1)}


def distinct(ranked: Iterable[Ranked]) -> Iterable[Ranked]:
    """Of those with the same text the first."""
    seen: set[str] = set()
    for each in ranked:
        text = " ".join(each.passage.text.split()).casefold()
        if text not in seen:
            seen.add(text)
            yield each


def _place(passage: Passage) -> tuple[UUID, int]:
    return passage.document, passage.ordinal
