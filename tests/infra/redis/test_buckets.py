"""A rate is kept by all processes together, and by each alone while Redis is away."""

from __future__ import annotations

from uuid import uuid4

import pytest

from infra.embedded import Servers
from infra.redis.buckets import TokenBuckets
from infra.redis.connection import RedisConnection


async def test_two_processes_share_a_bucket(servers: Servers) -> None:
    name = str(uuid4())
    async with RedisConnection(servers.redis_url) as one, RedisConnection(servers.redis_url) as two:
        both = [TokenBuckets(one), TokenBuckets(two)]
        waits = [await both[n % 2].take(name, rate=0.1, burst=4, patience=1000) for n in range(8)]
    assert waits[:4] == [0, 0, 0, 0]
    # Ten seconds each, less the little that has gone by.
    assert [round(wait / 10) for wait in waits[4:]] == [1, 2, 3, 4]


async def test_a_turn_that_nobody_waits_for_is_not_taken(servers: Servers) -> None:
    async with RedisConnection(servers.redis_url) as reach:
        buckets, name = TokenBuckets(reach), str(uuid4())
        assert await buckets.take(name, rate=0.01, burst=1) == 0
        refused = [await buckets.take(name, rate=0.01, burst=1) for _ in range(3)]
        other = await buckets.take(str(uuid4()), rate=0.01, burst=1)
    assert all(90 < wait <= 100 for wait in refused)
    assert other == 0


@pytest.mark.parametrize("burst", [1, 3])
async def test_without_redis_a_process_keeps_the_rate_alone(burst: int) -> None:
    now = 100.0
    async with RedisConnection(None) as nothing:
        buckets = TokenBuckets(nothing, clock=lambda: now)
        waits = [await buckets.take("a", rate=2, burst=burst, patience=10) for _ in range(burst + 2)]
        assert waits == pytest.approx([0.0] * burst + [0.5, 1.0])
        assert await buckets.take("a", rate=2, burst=burst) == pytest.approx(1.5)
        now += 1.5
        assert await buckets.take("a", rate=2, burst=burst) == 0
        now += 1000
        assert [await buckets.take("a", rate=2, burst=burst) for _ in range(burst + 1)] == pytest.approx(
            [0.0] * burst + [0.5]
        )
