"""The circuits that all processes share over a real Redis, with it gone and back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from application.ports import Place
from domain.gateway.health import Lately, Window
from infra.embedded import Servers
from infra.embedded.redis import EmbeddedRedis
from infra.redis import connection as reach
from infra.redis import health as health_module
from infra.redis import health_state
from infra.redis.connection import RedisConnection
from infra.redis.health import SharedHealth
from infra.redis.health_state import KEPT, Seen
from tests.until import PATIENCE, until


class Clock:
    """All processes'. It stands still until a test lets it go on: no pause is over before that."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


@asynccontextmanager
async def process(url: str | None) -> AsyncIterator[SharedHealth]:
    """One process's."""
    reach = RedisConnection(url, every=0.1)
    health = SharedHealth(reach, clock=CLOCK)
    yield health
    await health.close()
    await reach.close()


@pytest_asyncio.fixture
async def both(servers: Servers) -> AsyncIterator[tuple[SharedHealth, SharedHealth]]:
    """Two processes'."""
    async with process(servers.redis_url) as one, process(servers.redis_url) as other:
        yield one, other


def place(**more: object) -> Place:
    return Place(provider="acme", model=f"m-{uuid4()}", **more)  # type: ignore[arg-type]  # an owner


def come(at: float) -> None:
    CLOCK.now = max(CLOCK.now, at) + 0.01


async def all_know(*processes: SharedHealth) -> None:
    """What these have seen all know who look; and nobody takes what he knew before for what all know."""
    for each in processes:
        await each.close()
    await asyncio.sleep(health_module.FRESH + 0.01)


async def until_of(health: SharedHealth, where: Place) -> float:
    return (await health.all())[where].until


async def test_a_circuit_opens_everywhere_is_probed_and_closes_everywhere(
    both: tuple[SharedHealth, SharedHealth],
) -> None:
    (one, other), where = both, place()
    for _ in range(4):
        assert await one.admit(where) is None
        await one.record(where, "unavailable", 20)
    assert await one.admit(where) is None
    await other.record(where, "timeout", 20)
    await all_know(one, other)
    for health in both:
        why = await health.admit(where)
        assert why is not None
        assert "unhealthy for" in why.reason
        assert "5 of 5 calls failed" in why.reason
    come(await until_of(one, where))
    assert await other.admit(where) is None
    why = await one.admit(where)
    assert why is not None
    assert "being tried" in why.reason
    await other.record(where, "ok", 20)
    await all_know(one, other)
    assert [await health.admit(where) for health in both] == [None, None]
    assert (await one.all())[where].until == 0


async def test_of_fifty_callers_in_two_processes_one_probes_and_its_failure_doubles_the_pause(
    both: tuple[SharedHealth, SharedHealth], servers: Servers
) -> None:
    (one, _), where = both, place()
    await one.record(where, "rate_limited", 1)
    for pause in (1.0, 2.0):
        come(await until_of(one, where))
        async with process(servers.redis_url) as fresh:  # knows nothing yet
            everybody = [*both, fresh]
            admitted = await asyncio.gather(*(everybody[n % 3].admit(where) for n in range(50)))
            (probe,) = [n for n, why in enumerate(admitted) if why is None]
            await everybody[probe % 3].record(where, "unavailable", 1)
            # Whoever comes now finds what the probe has shown, or that it is not over yet.
            late = await asyncio.gather(*(everybody[n % 3].admit(where) for n in range(50)))
            assert None not in late
            assert await until_of(fresh, where) == pytest.approx(CLOCK() + pause)


async def test_a_probe_that_showed_nothing_lets_the_next_one_try(
    both: tuple[SharedHealth, SharedHealth],
) -> None:
    (one, other), where = both, place()
    await one.record(where, "not_found", 1)
    come(await until_of(one, where))
    assert await one.admit(where) is None
    await one.record(where, "cancelled", 1)
    await all_know(one)
    assert await other.admit(where) is None
    assert await one.admit(where) is not None


async def test_a_call_from_before_the_probe_does_not_end_it(both: tuple[SharedHealth, SharedHealth]) -> None:
    (one, other), where = both, place()
    await one.record(where, "not_found", 1)
    come(await until_of(one, where))
    assert await one.admit(where) is None
    await one.record(where, "cancelled", 5_000)
    await all_know(one)
    assert await other.admit(where) is not None
    assert await one.admit(where) is not None


async def test_what_the_provider_asked_for_is_kept_by_all(both: tuple[SharedHealth, SharedHealth]) -> None:
    (one, other), where = both, place()
    await one.record(where, "rate_limited", 1, 30)
    await all_know(one)
    why = await other.admit(where)
    assert why is not None
    assert float(why.reason.split()[2]) == pytest.approx(30)


async def test_an_owners_own_key_cools_nobody_elses_place(both: tuple[SharedHealth, SharedHealth]) -> None:
    one, other = both
    shared = place()
    owned = Place(provider=shared.provider, model=shared.model, owner=uuid4())
    await one.record(owned, "authentication", 1)
    await all_know(one)
    assert await other.admit(owned) is not None
    assert await other.admit(shared) is None


async def test_figures_of_all_processes_add_up(both: tuple[SharedHealth, SharedHealth]) -> None:
    where = place()

    async def call(health: SharedHealth, number: int) -> None:
        await asyncio.sleep(number % 7 / 50)
        await health.record(where, "unavailable" if number % 10 == 0 else "ok", 100)

    await asyncio.gather(*(call(both[n % 2], n) for n in range(400)))
    await all_know(*both)
    for health in both:
        window = Window.of((await health.all())[where], CLOCK())
        assert (window.calls, window.failed) == (400, 40)
        assert window.latency(0.95) == pytest.approx(100, rel=0.05)


async def test_a_reset_is_for_all(both: tuple[SharedHealth, SharedHealth]) -> None:
    (one, other), where = both, place()
    await one.record(where, "rate_limited", 1, 60)
    await all_know(one)
    assert await other.admit(where) is not None
    await other.reset([where])
    await all_know(one, other)
    assert [await health.admit(where) for health in both] == [None, None]


async def test_a_reset_is_not_undone_by_an_exchange_that_was_under_way(
    both: tuple[SharedHealth, SharedHealth], monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, other), where = both, place()
    await one.record(where, "rate_limited", 1, 60)
    await all_know(one)
    exchange, asked, go = health_state.exchange, asyncio.Event(), asyncio.Event()

    async def slow(*given: Any) -> tuple[Lately, bool]:
        found = await exchange(*given)
        asked.set()
        await go.wait()
        return found

    monkeypatch.setattr(health_state, "exchange", slow)
    admitting = asyncio.create_task(one.admit(where))
    await asked.wait()
    resetting = asyncio.create_task(one.reset([where]))
    await asyncio.wait({resetting}, timeout=0.2)
    go.set()
    await asyncio.gather(admitting, resetting)
    assert [await health.admit(where) for health in (one, other)] == [None, None]


async def test_a_reset_while_redis_is_away_is_told_when_it_is_back(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with EmbeddedRedis(tmp_path) as server:
        async with process(server.url) as one, process(server.url) as other:
            where = place()
            await one.record(where, "rate_limited", 1, 60)
            await all_know(one)
            assert await other.admit(where) is not None
            assert server.pid is not None
            request.getfixturevalue("hasty")
            os.kill(server.pid, signal.SIGSTOP)
            try:
                await one.admit(place())  # it finds out that Redis is away
                await asyncio.sleep(0.3)
                await one.reset([where])
                assert await one.admit(where) is None
            finally:
                os.kill(server.pid, signal.SIGCONT)
            async with asyncio.timeout(PATIENCE):
                while await other.admit(where) is not None:
                    assert await one.admit(where) is None
                    await asyncio.sleep(0.1)


async def test_a_place_that_comes_back_while_all_are_looked_through_stays_known(servers: Servers) -> None:
    assert servers.redis_url is not None
    redis, where = Redis.from_url(servers.redis_url), place()
    seen: Seen = ("ok", 1.0, time.time(), None)
    await health_state.exchange(where, [seen], redis)
    await health_state.forget(where, redis)

    class Meanwhile:
        """Redis, in which another process tells of the place between two questions."""

        def __getattr__(self, name: str) -> Any:
            return getattr(redis, name)

        async def mget(self, names: list[bytes]) -> Any:
            found = await redis.mget(names)
            await health_state.exchange(where, [seen], redis)
            return found

    assert where not in await health_state.everything(Meanwhile())  # type: ignore[arg-type]  # it acts as one
    assert where in await health_state.everything(redis)
    await redis.aclose()


async def test_what_is_not_called_any_more_goes(servers: Servers) -> None:
    async with process(servers.redis_url) as health:
        where = place()
        await health.record(where, "ok", 1)
    assert servers.redis_url is not None
    redis = Redis.from_url(servers.redis_url)
    name = f"retrace:health:|acme|{where.model}"
    assert KEPT - 600 < await redis.ttl(name) <= KEPT
    await redis.delete(name)
    async with process(servers.redis_url) as health:
        assert where not in await health.all()
    assert not await redis.sismember("retrace:health:places", name.removeprefix("retrace:health:"))
    await redis.aclose()


async def test_without_redis_a_process_judges_alone() -> None:
    async with process(None) as one, process(None) as other:
        where = place()
        for _ in range(200):
            await one.record(where, "timeout", 1)
        assert await one.admit(where) is not None
        assert await other.admit(where) is None
        come(await until_of(one, where))
        admitted = await asyncio.gather(*(one.admit(where) for _ in range(50)))
        assert admitted.count(None) == 1
        await one.record(where, "ok", 1)
        assert await one.admit(where) is None


async def test_redis_may_be_killed_and_come_back(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        async with process(server.url) as one, process(server.url) as other:
            before, meanwhile = place(), place()
            await one.record(before, "rate_limited", 1, 60)
            await all_know(one)
            assert await other.admit(before) is not None
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            while server.alive():
                await asyncio.sleep(0.01)
            for health in (one, other):
                started = time.perf_counter()
                assert await health.admit(before) is not None  # as it was known
                assert time.perf_counter() - started < reach.PATIENCE, "nobody waited for it"
            started = time.perf_counter()
            for _ in range(100):
                assert await one.admit(meanwhile) is None
                await one.record(meanwhile, "ok", 1)
            await one.record(meanwhile, "not_found", 1, 60)
            assert time.perf_counter() - started < reach.PATIENCE, "nobody waited for it"
            assert await one.admit(meanwhile) is not None
            assert await other.admit(meanwhile) is None
            server.start()

            async def told() -> bool:
                await one.admit(meanwhile)
                return await other.admit(meanwhile) is not None

            await until(told, every=0.1)
            assert await one.admit(meanwhile) is not None


@pytest.mark.usefixtures("hasty")
async def test_a_redis_that_hangs_holds_nobody_up(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        async with process(server.url) as health:
            where = place()
            assert await health.admit(where) is None
            assert server.pid is not None
            os.kill(server.pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(0.15)
                waits = []
                for _ in range(200):
                    started = time.perf_counter()
                    assert await health.admit(where) is None
                    await health.record(where, "ok", 1)
                    waits.append(time.perf_counter() - started)
                    await asyncio.sleep(0.005)
                assert sorted(waits)[150] < health_module.PATIENCE, "few waited for it"
            finally:
                os.kill(server.pid, signal.SIGCONT)
            await health.record(where, "rate_limited", 1, 60)
            async with process(server.url) as other, asyncio.timeout(PATIENCE):
                while await other.admit(where) is None:
                    await other.record(where, "cancelled", 0)
                    await health.admit(where)  # it finds out that Redis is back, and tells
                    await asyncio.sleep(0.1)


async def test_whoever_sees_a_place_fail_first_tells_so(servers: Servers) -> None:
    opened: list[Place] = []

    async def told(where: Place) -> None:
        opened.append(where)

    assert servers.redis_url is not None
    reach = RedisConnection(servers.redis_url)
    health, where = SharedHealth(reach, opened=told), place()
    for _ in range(10):
        await health.record(where, "unavailable", 1)
    await health.close()
    assert opened == [where]
    await reach.close()
