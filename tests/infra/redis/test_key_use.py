"""When API keys were last used: known after Redis and the process are gone, written at a bounded rate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from application.ports import Unavailable
from infra.embedded import Servers
from infra.postgres.database import Database
from infra.redis.connection import RedisConnection
from infra.redis.key_use import LastUse
from tests.cells import cell

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


@pytest_asyncio.fixture(name="database")
async def _database(database_url: str) -> AsyncIterator[Database]:
    async with Database(cell(database_url), size=1) as database:
        yield database


async def kept(database: Database, tenant: UUID) -> dict[str, datetime]:
    async with RedisConnection(None) as nothing:
        return await LastUse(nothing, database).last(tenant)


async def test_the_last_use_is_known_to_another_process_without_redis(database: Database) -> None:
    tenant = uuid4()
    async with RedisConnection(None) as nothing:
        await LastUse(nothing, database).used(tenant, "k", NOW)
    assert await kept(database, tenant) == {"k": NOW}
    assert await kept(database, uuid4()) == {}


async def test_it_is_kept_once_an_hour(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, written = uuid4(), 0
    async with RedisConnection(None) as nothing:
        use = LastUse(nothing, database)
        keep = use._keep

        async def counted(tenant: UUID, key: str, at: datetime) -> None:
            nonlocal written
            written += 1
            await keep(tenant, key, at)

        monkeypatch.setattr(use, "_keep", counted)
        for minute in range(0, 125, 5):
            await use.used(tenant, "k", NOW + timedelta(minutes=minute))
    assert written == 3
    assert await kept(database, tenant) == {"k": NOW + timedelta(hours=2)}


async def test_redis_knows_it_sooner_and_an_older_word_never_wins(
    database: Database, servers: Servers
) -> None:
    if servers.redis_url is None:
        pytest.skip("there is no Redis here")
    tenant = uuid4()
    async with RedisConnection(servers.redis_url) as reach:
        first, second = LastUse(reach, database), LastUse(reach, database)
        await first.used(tenant, "k", NOW)
        await first.used(tenant, "k", NOW + HALF_HOUR)
        assert await first.last(tenant) == {"k": NOW + HALF_HOUR}
        assert await kept(database, tenant) == {"k": NOW}
        await second.used(tenant, "k", NOW + 4 * HALF_HOUR)
        await LastUse(reach, database).used(tenant, "k", NOW + HALF_HOUR)  # a clock behind
        assert await kept(database, tenant) == {"k": NOW + 4 * HALF_HOUR}


async def test_a_database_that_is_away_refuses_nobody_and_is_told_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = uuid4()
    async with RedisConnection(None) as nothing:
        use = LastUse(nothing, database)
        keep = use._keep

        async def away(*_: object) -> None:
            raise Unavailable

        monkeypatch.setattr(use, "_keep", away)
        await use.used(tenant, "k", NOW)
        monkeypatch.setattr(use, "_keep", keep)
        await use.used(tenant, "k", NOW + timedelta(minutes=1))
    assert await kept(database, tenant) == {"k": NOW + timedelta(minutes=1)}
