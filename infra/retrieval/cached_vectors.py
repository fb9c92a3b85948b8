"""Search results, kept for a minute where there are many chunks to search in: the same question again takes a tenth of the time.

Whatever changes a document drops the tenant's results, so that what was found never outlives what it was found in. Where there are few
chunks they are searched for each question: that takes less than to ask Redis, and to keep what it does not have.
Implements `application.ports.Vectors`.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.ports import Cache, Chunk, KeptText, Matched, Searched
from domain.models.completion import Passage, Source
from domain.retrieval.synonyms import Groups
from infra.retrieval.vectors import PgVectors

FEW = 500
"""Chunks of a tenant whose search takes about a millisecond."""

KNOWN = 60.0
"""Seconds for which it counts how many they were."""

REMEMBERED = 10_000
"""Tenants of which a process knows it."""


class CachedVectors:
    def __init__(self, vectors: PgVectors, cache: Cache, *, few: int = FEW) -> None:
        self._vectors, self._cache, self._most = vectors, cache, few
        self._known: OrderedDict[tuple[UUID, str], tuple[float, bool]] = OrderedDict()
        """When it was looked, and whether they were few."""

    async def replace(
        self,
        tenant: UUID,
        document: UUID,
        title: str,
        model: str,
        chunks: Sequence[Chunk],
        instead_of: Sequence[UUID] = (),
        *,
        source: Source = "document",
        revision: int | None = None,
        came_at: datetime | None = None,
    ) -> None:
        await self._vectors.replace(
            tenant,
            document,
            title,
            model,
            chunks,
            instead_of,
            source=source,
            revision=revision,
            came_at=came_at,
        )
        self._known.pop((tenant, model), None)
        await self._cache.forget(tenant, "searches")

    async def search(
        self,
        tenant: UUID,
        embedding: Sequence[float],
        model: str,
        limit: int,
        among: Sequence[UUID] | None = None,
    ) -> Searched:
        if not embedding or among is not None or await self._few(tenant, model):
            return await self._vectors.search(tenant, embedding, model, limit, among)
        made: Searched | None = None

        async def make() -> bytes:
            nonlocal made
            made = await self._vectors.search(tenant, embedding, model, limit)
            return msgspec.msgpack.encode(made.passages)

        key = hashlib.sha256(msgspec.msgpack.encode((model, limit, embedding))).digest()
        pending = await self.pending(
            tenant
        )  # before the look: what becomes ready meanwhile counts as pending
        found, _ = await self._cache.once(tenant, "searches", key, make)
        assert found is not None
        return made or Searched(passages=msgspec.msgpack.decode(found, type=list[Passage]), pending=pending)

    async def match(
        self,
        tenant: UUID,
        question: str,
        embedding: Sequence[float],
        model: str,
        limit: int,
        synonyms: Groups = (),
    ) -> Matched:
        return await self._vectors.match(tenant, question, embedding, model, limit, synonyms)

    async def pending(self, tenant: UUID) -> int:
        return await self._vectors.pending(tenant)

    async def models(self, tenant: UUID) -> Mapping[str, int]:
        return await self._vectors.models(tenant)

    async def lacking(
        self, tenant: UUID, model: str, limit: int, but: Sequence[UUID] = ()
    ) -> Sequence[tuple[UUID, Source]]:
        return await self._vectors.lacking(tenant, model, limit, but)

    async def texts(self, tenant: UUID, document: UUID) -> Sequence[KeptText]:
        return await self._vectors.texts(tenant, document)

    async def add(
        self, tenant: UUID, document: UUID, model: str, vectors: Mapping[tuple[int, str], Sequence[float]]
    ) -> None:
        await self._vectors.add(tenant, document, model, vectors)
        self._known.pop((tenant, model), None)

    async def keep_only(self, tenant: UUID, model: str) -> None:
        await self._vectors.keep_only(tenant, model)

    async def delete(self, tenant: UUID, document: UUID, before: int | None = None) -> None:
        await self._vectors.delete(tenant, document, before)
        await self._cache.forget(tenant, "searches")

    async def index_words(self, tenant: UUID, after: UUID) -> UUID | None:
        return await self._vectors.index_words(tenant, after)

    async def _few(self, tenant: UUID, model: str) -> bool:
        key, now = (tenant, model), time.monotonic()
        at, few = self._known.get(key, (-KNOWN, False))
        if now - at >= KNOWN:
            few = await self._vectors.count(tenant, model, self._most + 1) <= self._most
            self._known[key] = now, few
            self._known.move_to_end(key)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return few
