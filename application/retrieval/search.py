"""Search in the tenant's documents."""

from __future__ import annotations

import msgspec

from application.ports import Searcher
from application.retrieval.embedding import MeteredEmbedder
from application.retrieval.hybrid import hybrid
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.models.completion import Passage
from domain.retrieval.fusion import Fusion, Method


class Search(msgspec.Struct, frozen=True, kw_only=True):
    query: str
    limit: int = 5
    fusion: Method = "weighted"


async def search(
    query: Search, context: Context, *, embedder: MeteredEmbedder, vectors: Searcher
) -> list[Passage]:
    """The most relevant passages by meaning and by words, best first, with their relevance as score; the embedder's call is on record. Raises Invalid."""
    if not query.query.strip() or len(query.query) > 2000:
        raise Invalid("query has 1 to 2000 characters")
    if not 1 <= query.limit <= 50:
        raise Invalid("limit lies between 1 and 50")
    async with embedder.metering(context, "search") as meter:
        (embedding,) = await meter.embed([query.query])
        ranked, _ = await hybrid(
            context.tenant,
            query.query,
            embedding,
            embedder.model,
            query.limit,
            vectors=vectors,
            fusion=Fusion(method=query.fusion),
        )
        return [msgspec.structs.replace(each.passage, score=each.relevance) for each in ranked]
