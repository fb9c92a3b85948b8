"""Search results that are kept, and dropped with the documents that they were found in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio

from application.ports import PROCESS_WORK, Chunk, Searched
from domain.models.completion import Passage
from infra.crypto.keyring import Keyring
from infra.embedded import Servers
from infra.postgres.database import Database
from infra.redis.cache import RedisCache
from infra.redis.connection import RedisConnection
from infra.retrieval.cached_vectors import CachedVectors
from infra.retrieval.vectors import PgVectors
from tests.cells import cell

QUERY = [1.0, 0.5] + [0.0] * 254


class Counted(PgVectors):
    searches = 0

    async def search(self, *args: Any) -> Searched:
        self.searches += 1
        return await super().search(*args)


@pytest_asyncio.fixture(name="parts")
async def _parts(database_url: str, servers: Servers) -> AsyncIterator[tuple[Counted, CachedVectors]]:
    reach = RedisConnection(servers.redis_url)
    async with Database(cell(database_url), size=2) as database:
        keyring = Keyring(database, b"m" * 32)
        plain, cache = Counted(database, keyring), RedisCache(reach, keyring)
        yield plain, CachedVectors(plain, cache, few=0)
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


async def found_in(cached: CachedVectors, tenant: UUID, model: str = "m", limit: int = 50) -> list[Passage]:
    return list((await cached.search(tenant, QUERY, model, limit)).passages)


async def test_the_same_question_again_is_not_searched_again_and_finds_the_same(
    parts: tuple[Counted, CachedVectors],
) -> None:
    (plain, cached), tenant = parts, uuid4()
    await filled(cached, tenant)
    first = await found_in(cached, tenant, limit=3)
    assert [passage.text for passage in first] == ["text 5", "text 6", "text 4"]
    assert await found_in(cached, tenant, limit=3) == first
    assert plain.searches == 1
    assert len(await found_in(cached, tenant, limit=4)) == 4
    assert await found_in(cached, tenant, "other", 3) == []
    assert await found_in(cached, uuid4(), "m", 3) == []
    assert plain.searches == 4


async def test_a_changed_or_deleted_document_drops_what_was_found(
    parts: tuple[Counted, CachedVectors],
) -> None:
    (_, cached), tenant = parts, uuid4()
    document = await filled(cached, tenant)
    assert len(await found_in(cached, tenant)) == 8
    other = await filled(cached, tenant)
    assert len(await found_in(cached, tenant)) == 16
    await cached.delete(tenant, other)
    assert {passage.document for passage in await found_in(cached, tenant)} == {document}
    await cached.replace(tenant, document, "Title", "m", [chunk(0)])
    assert len(await found_in(cached, tenant)) == 1


async def test_few_chunks_are_searched_each_time_and_many_once(
    parts: tuple[Counted, CachedVectors], monkeypatch: pytest.MonkeyPatch
) -> None:
    (plain, kept), tenant = parts, uuid4()
    vectors = CachedVectors(plain, kept._cache, few=8)
    await filled(vectors, tenant)
    assert await found_in(vectors, tenant) == await found_in(vectors, tenant)
    assert plain.searches == 2
    await vectors.replace(tenant, uuid4(), "Title", "m", [chunk(9)])
    assert await found_in(vectors, tenant) == await found_in(vectors, tenant)
    assert plain.searches == 3
    assert (await plain.count(tenant, "m", 5), await plain.count(tenant, "m", 50)) == (5, 9)


async def test_a_search_out_of_the_cache_tells_how_many_documents_wait_now(
    parts: tuple[Counted, CachedVectors], database_url: str
) -> None:
    (plain, cached), tenant = parts, uuid4()
    await filled(cached, tenant)
    assert (await cached.search(tenant, QUERY, "m", 3)).pending == 0
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        for number, parked in ((1, None), (2, "now"), (3, None)):
            await connection.execute(
                "INSERT INTO retrace.work (tenant, kind, key, due_at, wake_at, parked_at) VALUES (%s, %s, %s, now(), now(), %s)",
                [tenant, PROCESS_WORK, str(number), parked],
            )
    assert (await cached.search(tenant, QUERY, "m", 3)).pending == 2
    assert plain.searches == 1
    assert (await plain.search(tenant, QUERY, "m", 3)).pending == 2
