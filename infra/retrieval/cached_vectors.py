"""Search results, kept for a minute where they take long to find: the same question again takes a tenth of the time.

Whatever changes a document drops the tenant's results, so that what was found never outlives what it was found in. What is found quickly,
as in some hundred passages, is looked for each time: that takes less than to ask Redis, and to keep what it does not have.
Implements `application.ports.Vectors`.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.ports import Cache, Chunk, Searched, Vectors
from domain.models.completion import Passage

QUICK = 0.003
"""Seconds of a search that is not worth to be kept."""

REMEMBERED = 10_000
"""Tenants of which a process knows how long their last search took."""


class CachedVectors:
    def __init__(self, vectors: Vectors, cache: Cache, *, quick: float = QUICK) -> None:
        self._vectors, self._cache, self._quick = vectors, cache, quick
        self._took: OrderedDict[UUID, float] = OrderedDict()

    async def replace(
        self, tenant: UUID, document: UUID, title: str, model: str, chunks: Sequence[Chunk]
    ) -> None:
        await self._vectors.replace(tenant, document, title, model, chunks)
        await self._cache.forget(tenant, "searches")

    async def search(self, tenant: UUID, embedding: Sequence[float], model: str, limit: int) -> Searched:
        if self._took.get(tenant, 0.0) < self._quick:
            return await self._search(tenant, embedding, model, limit)
        made: Searched | None = None

        async def make() -> bytes:
            nonlocal made
            made = await self._search(tenant, embedding, model, limit)
            return msgspec.msgpack.encode(made.passages)

        key = hashlib.sha256(msgspec.msgpack.encode((model, limit, embedding))).digest()
        pending = await self.pending(
            tenant
        )  # before the look: what becomes ready meanwhile counts as pending
        found, _ = await self._cache.once(tenant, "searches", key, make)
        assert found is not None
        return made or Searched(passages=msgspec.msgpack.decode(found, type=list[Passage]), pending=pending)

    async def pending(self, tenant: UUID) -> int:
        return await self._vectors.pending(tenant)

    async def delete(self, tenant: UUID, document: UUID) -> None:
        await self._vectors.delete(tenant, document)
        await self._cache.forget(tenant, "searches")

    async def _search(self, tenant: UUID, embedding: Sequence[float], model: str, limit: int) -> Searched:
        began = time.perf_counter()
        found = await self._vectors.search(tenant, embedding, model, limit)
        self._took[tenant] = time.perf_counter() - began
        self._took.move_to_end(tenant)
        if len(self._took) > REMEMBERED:
            self._took.popitem(last=False)
        return found
