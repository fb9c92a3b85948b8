"""Retrieval figures: what came of a retrieval, without a person in it, as the answer's event that outlives an erasure has it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from domain.models.completion import Passage, Source
from domain.retrieval.results.lookup import Lookup

Result = Literal["found", "weak", "nothing"]
"""weak: nothing that was found is like what was asked."""


class FoundPassage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A passage that stood in the prompt. `cited`: the answer points at it."""

    passage: str
    document: UUID
    source: Source = "document"
    score: float
    cited: bool = False


class RetrievalFigures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`ms`: how long it took, without the question's embedding, whose call is on record as such. `lookups`: how each source did that was asked;
    `passages`: by their rank in the prompt."""

    result: Result
    ms: float
    lookups: tuple[Lookup, ...] = ()
    passages: tuple[FoundPassage, ...] = ()


def retrieval_figures(
    passages: Sequence[Passage],
    cited: Collection[str],
    lookups: tuple[Lookup, ...],
    *,
    ms: float,
    least: float,
) -> RetrievalFigures:
    """`cited`: ids of passages; `least`: the score that the best one has at least where it is like what was asked."""
    best = max((each.score for each in passages), default=None)
    return RetrievalFigures(
        result="nothing" if best is None else "weak" if best < least else "found",
        ms=ms,
        lookups=lookups,
        passages=tuple(
            FoundPassage(
                passage=each.id,
                document=each.document,
                source=each.source,
                score=round(each.score, 4),
                cited=each.id in cited,
            )
            for each in passages
        ),
    )
