"""Search results that are kept, and dropped with the documents that they were found in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest_asyncio

from application.ports import Chunk
from domain.models.completion import Passage
from infra.crypto.keyring import Keyring
from infra.embedded import Servers
from infra.postgres.database import Database
from infra.redis.cache import RedisCache
from infra.redis.connection import Reach
from infra.retrieval.cached_vectors import CachedVectors
from infra.retrieval.vectors import PgVectors
from tests.cells import cell

QUERY = [1.0, 0.5] + [0.0] * 254


class Counted(PgVectors):
    searches = 0

    async def search(self, *args: Any) -> list[Passage]:
        self.searches += 1
        return await super().search(*args)


@pytest_asyncio.fixture(name="parts")
async def _parts(database_url: str, servers: Servers) -> AsyncIterator[tuple[Counted, CachedVectors]]:
    reach = Reach(servers.redis_url)
    async with Database(cell(database_url), size=2) as database:
        keyring = Keyring(database, b"m" * 32)
        plain, cache = Counted(database, keyring), RedisCache(reach, keyring)
        yield plain, CachedVectors(plain, cache)
        await cache.close()
    await reach.close()


def chunk(number: int) -> Chunk:
    embedding = [1.0, number / 10] + [0.0] * 254
    facts: dict[str, Any] = {"page": 1, "section": None, "tokens": 3, "text": f"text {number}"}
    return Chunk(id=f"c{number}", ordinal=number, embedding=embedding, **facts)


async def filled(vectors: CachedVectors, tenant: UUID) -> UUID:
    document = uuid4()
    await vectors.replace(tenant, document, "Title", "m", [chunk(n) for n in range(8)])
    return document


async def test_the_same_question_again_is_not_searched_again_and_finds_the_same(
    parts: tuple[Counted, CachedVectors],
) -> None:
    (plain, cached), tenant = parts, uuid4()
    await filled(cached, tenant)
    first = await cached.search(tenant, QUERY, "m", 3)
    assert [passage.text for passage in first] == ["text 5", "text 6", "text 4"]
    assert await cached.search(tenant, QUERY, "m", 3) == first
    assert plain.searches == 1
    assert len(await cached.search(tenant, QUERY, "m", 4)) == 4
    assert await cached.search(tenant, QUERY, "other", 3) == []
    assert await cached.search(uuid4(), QUERY, "m", 3) == []
    assert plain.searches == 4


async def test_a_changed_or_deleted_document_drops_what_was_found(
    parts: tuple[Counted, CachedVectors],
) -> None:
    (_, cached), tenant = parts, uuid4()
    document = await filled(cached, tenant)
    assert len(await cached.search(tenant, QUERY, "m", 50)) == 8
    other = await filled(cached, tenant)
    assert len(await cached.search(tenant, QUERY, "m", 50)) == 16
    await cached.delete(tenant, other)
    assert {passage.document for passage in await cached.search(tenant, QUERY, "m", 50)} == {document}
    await cached.replace(tenant, document, "Title", "m", [chunk(0)])
    assert len(await cached.search(tenant, QUERY, "m", 50)) == 1
