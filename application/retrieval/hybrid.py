"""Hybrid search: by meaning and by words at once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID

from application.ports import Searcher
from domain.models.completion import Source
from domain.retrieval.fusion import Fusion, Ranked, fuse
from domain.retrieval.synonyms import Groups

CANDIDATES = 20
"""Passages of each kind at least, of which the best are taken."""

MOST = 500
"""Passages with the question's words that are looked through for those of some documents."""


async def hybrid(
    tenant: UUID,
    question: str,
    embedding: Sequence[float],
    model: str,
    limit: int,
    *,
    vectors: Searcher,
    fusion: Fusion = Fusion(),  # noqa: B008
    among: Sequence[UUID] | None = None,
    sources: Collection[Source] | None = None,
    synonyms: Groups = (),
) -> tuple[list[Ranked], int]:
    """The `limit` most relevant passages, best first, and how many documents none can come of yet. Without an `embedding` by words alone.

    `among`: of these documents only; by words those of them that are among the best of all. `sources`: of these only, as far as they are among the
    best of all.
    """
    candidates = max(2 * limit, CANDIDATES) if sources is None else MOST
    near, matched = await asyncio.gather(
        vectors.search(tenant, embedding, model, candidates, among),
        vectors.match(tenant, question, embedding, model, candidates if among is None else MOST, synonyms),
    )
    nearest = [each for each in near.passages if sources is None or each.source in sources]
    if not embedding:
        fusion = Fusion(method=fusion.method, semantic_weight=0.0, keyword_weight=1.0)
    worded = list(zip(matched.passages, matched.scores, strict=True))
    if among is not None:
        wanted = frozenset(among)
        worded = [(passage, score) for passage, score in worded if passage.document in wanted]
    if sources is not None:
        worded = [(passage, score) for passage, score in worded if passage.source in sources]
    return fuse(nearest, worded, limit, typed=matched.typed, fusion=fusion), near.pending
