"""How many come in is counted by each process at once, and by all together soon."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports import Rate
from infra.embedded import Servers
from infra.redis import rate_limiter
from infra.redis.connection import RedisConnection
from infra.redis.rate_limiter import SharedRateLimiter


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_burst_is_let_in_and_then_what_the_rate_gives() -> None:
    clock = Clock()
    async with RedisConnection(None) as nothing:
        limiter, one = SharedRateLimiter(nothing, clock), [Rate("a", 2, 3)]
        assert [limiter.take(one) for _ in range(3)] == [None] * 3
        for _ in range(5):  # what is refused counts for nothing
            over = limiter.take(one)
            assert over is not None
            assert over.wait == pytest.approx(0.5)
        clock.now += 0.5
        assert limiter.take(one) is None
        assert limiter.take(one) is not None
        assert limiter.take([Rate("b", 2, 3)]) is None


async def test_of_several_buckets_all_are_asked_before_one_is_taken_from() -> None:
    clock = Clock()
    async with RedisConnection(None) as nothing:
        limiter = SharedRateLimiter(nothing, clock)
        wide, narrow = Rate("wide", 10, 10), Rate("narrow", 0.1, 1)
        assert limiter.take([wide, narrow]) is None
        for _ in range(20):
            over = limiter.take([wide, narrow])
            assert over is not None
            assert over.place == 1
            assert over.wait == pytest.approx(10)
        assert [limiter.take([wide]) for _ in range(9)] == [None] * 9
        assert limiter.take([wide]) is not None


async def test_processes_tell_each_other_what_they_have_let_in(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limiter, "EVERY", 600.0)  # by themselves they tell nothing meanwhile
    rate = [Rate(str(uuid4()), 0.01, 10)]
    async with RedisConnection(servers.redis_url) as one, RedisConnection(servers.redis_url) as two:
        both = [SharedRateLimiter(one), SharedRateLimiter(two)]
        for limiter in both:
            assert [limiter.take(rate) for _ in range(4)] == [None] * 4
        for limiter in both:
            await limiter.exchange()
        assert [both[1].take(rate) for _ in range(3)][:2] == [None, None]
        over = both[1].take(rate)
        assert over is not None
        assert 90 < over.wait <= 100
        await both[1].exchange()
        assert both[0].take(rate) is None, "it has heard of no more than eight"
        await both[0].exchange()
        assert both[0].take(rate) is not None
        for limiter in both:
            await limiter.close()


async def test_what_is_taken_is_told_without_being_asked(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate = [Rate(str(uuid4()), 0.01, 5)]
    async with RedisConnection(servers.redis_url) as one, RedisConnection(servers.redis_url) as two:
        first, second = SharedRateLimiter(one), SharedRateLimiter(two)
        assert [first.take(rate) for _ in range(5)] == [None] * 5
        assert first._telling is not None
        await first._telling
        monkeypatch.setattr(rate_limiter, "EVERY", 600.0)
        assert second.take(rate) is None
        await second.exchange()
        assert second.take(rate) is not None
        await second.close()


async def test_with_redis_away_a_process_goes_on_alone() -> None:
    async with RedisConnection("redis://127.0.0.1:1/0") as away:
        limiter, rate = SharedRateLimiter(away), [Rate("a", 0.01, 2)]
        assert [limiter.take(rate) for _ in range(2)] == [None] * 2
        await limiter.exchange()
        assert limiter.take(rate) is not None
        await limiter.close()


@given(st.lists(st.floats(0, 3), max_size=80), st.floats(0.1, 20), st.integers(1, 20))
def test_in_no_time_more_come_in_than_burst_and_rate_allow(
    pauses: list[float], rate: float, burst: int
) -> None:
    clock = Clock()
    limiter, came = SharedRateLimiter(RedisConnection(None), clock), list[float]()
    for pause in pauses:
        clock.now += pause
        over = limiter.take([Rate("a", rate, burst)])
        if over is None:
            came.append(clock.now)
        else:
            clock.now += over.wait + 1e-6
            assert limiter.take([Rate("a", rate, burst)]) is None, "it comes when it was told to"
            came.append(clock.now)
    for first, start in enumerate(came):
        for last in range(first, len(came)):
            assert last - first + 1 <= burst + rate * (came[last] - start) + 1e-3
