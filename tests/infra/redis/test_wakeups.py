"""Hints between processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from infra.embedded import Servers
from infra.redis.connection import RedisConnection
from infra.redis.wakeups import CHANNEL, Hints
from tests.until import PATIENCE


async def subscribers(url: str) -> int:
    async with Redis.from_url(url) as redis:
        ((_, count),) = await redis.pubsub_numsub(CHANNEL)
        return int(count)


async def heard(listening: AsyncGenerator[frozenset[UUID], None], tenant: UUID) -> None:
    async for tenants in listening:
        if tenant in tenants:
            return


async def test_all_who_listen_in_a_process_share_one_connection(servers: Servers) -> None:
    if servers.redis_url is None:
        pytest.skip("there is no Redis here")
    url, tenant = servers.redis_url, uuid4()
    before = await subscribers(url)
    async with RedisConnection(url) as mine, RedisConnection(url) as others, asyncio.timeout(PATIENCE):
        speaker, hints = Hints(mine), Hints(others)
        for _ in range(2):  # and it is made anew for those who come later
            listening = [hints.listen(poll=0.1) for _ in range(5)]
            hearing = [asyncio.create_task(heard(each, tenant)) for each in listening]
            while not all(each.done() for each in hearing):
                speaker.changed(tenant)
                await asyncio.sleep(0.05)
            assert await subscribers(url) - before == 1
            for each in listening:
                async with aclosing(each):
                    pass
            assert not hints._listeners
            while await subscribers(url) != before:
                await asyncio.sleep(0.05)
        await speaker.close()


async def test_whoever_waits_for_one_tenant_looks_though_others_are_heard_of_all_the_time() -> None:
    hints, mine = Hints(), uuid4()

    async def others() -> None:
        while True:
            hints.changed(uuid4())
            await asyncio.sleep(0.02)

    noise = asyncio.create_task(others())
    try:
        async with asyncio.timeout(PATIENCE), aclosing(hints.about(mine, 0.2)) as listening:
            for _ in range(2):
                await anext(listening)
    finally:
        noise.cancel()


async def test_whoever_waits_for_one_tenant_hears_of_it_at_once() -> None:
    hints, mine = Hints(), uuid4()
    async with asyncio.timeout(PATIENCE), aclosing(hints.about(mine, 600.0)) as listening:
        coming = asyncio.ensure_future(anext(listening))
        await asyncio.sleep(0)
        hints.changed(uuid4())
        await asyncio.sleep(0.05)
        assert not coming.done()
        hints.changed(mine)
        await coming
