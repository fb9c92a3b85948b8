"""Search in the tenant's documents."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.ports import Embedder, Vectors
from domain.completion import Passage
from domain.errors import Invalid


class Search(msgspec.Struct, frozen=True, kw_only=True):
    query: str
    limit: int = 5


async def search(query: Search, tenant: UUID, *, embedder: Embedder, vectors: Vectors) -> list[Passage]:
    """The passages nearest in meaning, best first. Raises Invalid."""
    if not query.query.strip() or len(query.query) > 2000:
        raise Invalid("query has 1 to 2000 characters")
    if not 1 <= query.limit <= 50:
        raise Invalid("limit lies between 1 and 50")
    (embedding,) = await embedder.embed([query.query])
    return await vectors.search(tenant, embedding, embedder.model, query.limit)
