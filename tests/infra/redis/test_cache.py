"""The cache over a real Redis: single flight, tenants apart, sealed, forgotten, gone and back."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from infra.embedded import Servers
from infra.embedded.redis import EmbeddedRedis
from infra.redis.cache import SECONDS, RedisCache
from infra.redis.connection import RedisConnection
from infra.redis.fill_lock import LEASE
from tests.infra.log.parts import Log, log_on
from tests.until import PATIENCE, until

ROOT = Path(__file__).parents[3]
CANARY = b"quetzalcoatl"


class Maker:
    """Makes, slowly, what it is told to; and counts. `after`: it takes until this is set."""

    def __init__(
        self, *made: bytes | Exception | None, takes: float = 0.05, after: asyncio.Event | None = None
    ) -> None:
        self.made, self.takes, self.after, self.calls = made, takes, after, 0
        self.now, self.most = 0, 0
        """Calls at once: now, and at most."""

    async def __call__(self) -> bytes | None:
        self.calls += 1
        self.now += 1
        self.most = max(self.most, self.now)
        made = self.made[min(self.calls, len(self.made)) - 1]
        await (self.after.wait() if self.after else asyncio.sleep(self.takes))
        self.now -= 1
        if isinstance(made, Exception):
            raise made
        return made


@pytest_asyncio.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


@asynccontextmanager
async def process(url: str | None, log: Log) -> AsyncIterator[RedisCache]:
    """One process's."""
    reach = RedisConnection(url, every=0.1)
    cache = RedisCache(reach, log.keyring)
    yield cache
    await cache.close()
    await reach.close()


@pytest_asyncio.fixture
async def both(servers: Servers, log: Log) -> AsyncIterator[tuple[RedisCache, RedisCache]]:
    """Two processes'."""
    async with process(servers.redis_url, log) as one, process(servers.redis_url, log) as other:
        yield one, other


async def test_what_was_made_is_kept_for_all_processes(both: tuple[RedisCache, RedisCache]) -> None:
    (one, other), tenant, make = both, uuid4(), Maker(b"made")
    assert await one.once(tenant, "responses", b"k", make, group="openai") == (b"made", False)
    assert await one.once(tenant, "responses", b"k", make, group="openai") == (b"made", True)
    assert await other.once(tenant, "responses", b"k", make, group="openai") == (b"made", True)
    assert make.calls == 1
    assert await one.once(tenant, "responses", b"other", make) == (b"made", False)
    assert await one.once(tenant, "searches", b"k", make) == (b"made", False)
    assert make.calls == 3
    assert one.hits == {("responses", "openai"): 1}
    assert one.misses == {("responses", "openai"): 1, ("responses", ""): 1, ("searches", ""): 1}
    assert (other.hits.total(), other.misses.total()) == (1, 0)


async def test_of_a_hundred_at_once_in_two_processes_one_makes_it(
    both: tuple[RedisCache, RedisCache],
) -> None:
    tenant, make = uuid4(), Maker(b"made", takes=0.3)
    found = await asyncio.gather(*(both[n % 2].once(tenant, "responses", b"k", make) for n in range(100)))
    assert make.calls == 1
    assert {made for made, _ in found} == {b"made"}
    assert sum(not kept for _, kept in found) == 1


async def test_when_a_maker_fails_the_next_one_tries(both: tuple[RedisCache, RedisCache]) -> None:
    tenant, make = uuid4(), Maker(ValueError("x"), b"made", takes=0.1)
    found = await asyncio.gather(
        *(both[n % 2].once(tenant, "responses", b"k", make) for n in range(50)), return_exceptions=True
    )
    assert make.calls == 2
    assert sum(isinstance(each, ValueError) for each in found) == 1
    assert sum(each == (b"made", True) for each in found) == 48


async def test_when_a_makers_caller_goes_away_the_next_one_tries(both: tuple[RedisCache, RedisCache]) -> None:
    end = asyncio.Event()
    tenant, make = uuid4(), Maker(b"made", after=end)
    first = asyncio.create_task(both[0].once(tenant, "responses", b"k", make))
    await until(lambda: make.calls)
    others = [asyncio.create_task(both[n % 2].once(tenant, "responses", b"k", make)) for n in range(10)]
    await asyncio.sleep(0.05)
    first.cancel()
    end.set()
    assert {made for made, _ in await asyncio.gather(*others)} == {b"made"}
    assert make.calls == 2
    assert first.cancelled()


async def test_what_is_not_to_be_kept_makes_nobody_wait_for_one_another(
    both: tuple[RedisCache, RedisCache],
) -> None:
    tenant, make = uuid4(), Maker(None, takes=0.2)
    found = await asyncio.gather(*(both[n % 2].once(tenant, "responses", b"k", make) for n in range(20)))
    assert found == [(None, False)] * 20
    assert make.calls == 20
    assert make.most >= 8


async def test_a_killed_maker_holds_others_up_for_seconds_only(
    both: tuple[RedisCache, RedisCache], servers: Servers, database_url: str
) -> None:
    tenant, make = uuid4(), Maker(b"made")
    command = [
        sys.executable,
        "-m",
        "tests.infra.maker",
        database_url,
        str(servers.redis_url),
        str(tenant),
        "k",
    ]
    maker = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert maker.stdout is not None
    assert await maker.stdout.readline() == b"making\n"
    waiting = asyncio.create_task(both[0].once(tenant, "responses", b"k", make))
    await asyncio.sleep(LEASE + 0.5)
    assert not waiting.done()  # it is renewed
    maker.kill()
    await maker.wait()
    async with asyncio.timeout(LEASE + 30):
        assert await waiting == (b"made", False)


async def test_tenants_never_share(both: tuple[RedisCache, RedisCache]) -> None:
    (one, other), ours, theirs = both, uuid4(), uuid4()
    assert await one.once(ours, "responses", b"k", Maker(b"ours")) == (b"ours", False)
    assert await other.once(theirs, "responses", b"k", Maker(b"theirs")) == (b"theirs", False)
    assert await other.once(ours, "responses", b"k", Maker()) == (b"ours", True)


async def test_an_entry_that_was_moved_to_another_tenant_or_changed_is_none(
    both: tuple[RedisCache, RedisCache], servers: Servers
) -> None:
    (one, _), ours, theirs = both, uuid4(), uuid4()
    await one.once(ours, "responses", b"k", Maker(b"ours"))
    await one.once(theirs, "responses", b"k", Maker(b"theirs"))
    await one.close()
    redis = Redis.from_url(str(servers.redis_url))
    (from_,), (to,) = [await redis.keys(f"retrace:cache:responses:{t.hex}:*") for t in (ours, theirs)]
    await redis.set(to, await redis.get(from_) or b"")
    make = Maker(b"made again")
    assert await one.once(theirs, "responses", b"k", make) == (b"made again", False)
    await redis.aclose()


async def test_nothing_can_be_read_in_redis_and_everything_goes_by_itself(
    both: tuple[RedisCache, RedisCache], servers: Servers
) -> None:
    (one, _), tenant = both, uuid4()
    longest = {"responses": 60, "embeddings": 300, "searches": 60}  # as specified
    await one.once(tenant, "responses", CANARY, Maker(CANARY * 3), group="openai")
    await one.once(tenant, "embeddings", CANARY, Maker(CANARY * 3))
    await one.once(tenant, "searches", CANARY, Maker(CANARY * 3))
    await one.forget(tenant, "embeddings")
    await one.close()
    redis, seen = Redis.from_url(str(servers.redis_url)), 0
    async for name in redis.scan_iter("*"):
        value = await redis.dump(name) or b""
        assert CANARY not in name
        assert CANARY not in value
        if tenant.hex.encode() in name:
            seen += 1
            kind = name.decode().split(":")[2]
            assert 0 < await redis.pttl(name) <= longest.get(kind, 0) * 1000 or b"generation" in name
            assert await redis.ttl(name) > 0
    assert seen == 4
    await redis.aclose()


@pytest.mark.parametrize(
    ("forgotten", "kept"),
    [
        (("ours", ""), {"theirs openai", "theirs gemini"}),
        (("ours", "openai"), {"ours gemini", "theirs openai", "theirs gemini"}),
        (("everybody", "openai"), {"ours gemini", "theirs gemini"}),
        (("everybody", ""), set()),
    ],
)
async def test_what_is_forgotten_is_found_no_more_by_anybody(
    both: tuple[RedisCache, RedisCache], forgotten: tuple[str, str], kept: set[str]
) -> None:
    one, other = both
    tenants: dict[str, UUID] = {"ours": uuid4(), "theirs": uuid4()}
    for tenant in tenants.values():
        for group in ("openai", "gemini"):
            await one.once(tenant, "responses", b"k", Maker(b"old"), group=group)
            await one.once(tenant, "searches", b"k", Maker(b"old"), group=group)
    await one.forget(tenants.get(forgotten[0]), "responses", forgotten[1])
    found = {
        f"{name} {group}"
        for name, tenant in tenants.items()
        for group in ("openai", "gemini")
        if (await other.once(tenant, "responses", b"k", Maker(b"new"), group=group))[0] == b"old"
    }
    assert found == kept
    for tenant in tenants.values():
        assert await other.once(tenant, "searches", b"k", Maker(), group="openai") == (b"old", True)


async def test_what_was_begun_before_it_was_forgotten_is_not_given_to_who_comes_after(
    both: tuple[RedisCache, RedisCache],
) -> None:
    (one, other), tenant = both, uuid4()
    old = Maker(b"old", after=asyncio.Event())
    first = asyncio.create_task(one.once(tenant, "searches", b"k", old))
    await until(lambda: old.calls)
    await one.forget(tenant, "searches")
    assert await one.once(tenant, "searches", b"k", Maker(b"new")) == (b"new", False)
    assert old.after is not None
    old.after.set()
    assert await first == (b"old", False)
    assert await other.once(tenant, "searches", b"k", Maker()) == (b"new", True)


async def test_an_entry_outlives_its_seconds_nowhere(
    both: tuple[RedisCache, RedisCache], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SECONDS, "responses", 1)
    (one, other), tenant = both, uuid4()
    await one.once(tenant, "responses", b"k", Maker(b"old"))
    await asyncio.sleep(1.1)
    assert await other.once(tenant, "responses", b"k", Maker(b"new")) == (b"new", False)


async def test_without_redis_nothing_is_kept_and_one_process_still_makes_it_once(log: Log) -> None:
    async with process(None, log) as cache:
        tenant, make = uuid4(), Maker(b"made")
        found = await asyncio.gather(*(cache.once(tenant, "responses", b"k", make) for _ in range(20)))
        assert {made for made, _ in found} == {b"made"}
        assert make.calls == 1
        assert await cache.once(tenant, "responses", b"k", make) == (b"made", False)
        await cache.forget(tenant, "responses")


async def test_redis_may_be_killed_and_come_back(tmp_path: Path, log: Log) -> None:
    with EmbeddedRedis(tmp_path) as server:
        async with process(server.url, log) as one, process(server.url, log) as other:
            tenant, make = uuid4(), Maker(b"made", takes=0)
            slow = asyncio.create_task(one.once(tenant, "responses", b"slow", Maker(b"slow", takes=0.5)))
            await one.once(tenant, "responses", b"k", make)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            while server.alive():
                await asyncio.sleep(0.01)
            started = time.perf_counter()
            for _ in range(100):
                assert (await one.once(tenant, "responses", b"k", make))[0] == b"made"
            assert time.perf_counter() - started < 8, "it is not waited for again and again"
            assert await slow == (b"slow", False)
            server.start()
            async with asyncio.timeout(PATIENCE):
                while not (await other.once(tenant, "responses", b"k", make))[1]:
                    await asyncio.sleep(0.05)
                while not (await one.once(tenant, "responses", b"k", Maker(b"x")))[1]:
                    await asyncio.sleep(0.05)


@pytest.mark.usefixtures("hasty")
async def test_what_was_to_be_forgotten_while_redis_hung_is_forgotten_when_it_is_back(
    tmp_path: Path, log: Log
) -> None:
    with EmbeddedRedis(tmp_path) as server:
        async with process(server.url, log) as cache:
            tenant = uuid4()
            await cache.once(tenant, "responses", b"k", Maker(b"old"))
            await cache.close()
            assert server.pid is not None
            os.kill(server.pid, signal.SIGSTOP)
            started = time.perf_counter()
            await cache.forget(tenant, "responses")
            assert await cache.once(tenant, "responses", b"k", Maker(b"new", takes=0)) == (b"new", False)
            assert time.perf_counter() - started < 8, "it is not waited for again and again"
            os.kill(server.pid, signal.SIGCONT)
            async with asyncio.timeout(PATIENCE):
                while True:
                    made, kept = await cache.once(tenant, "responses", b"k", Maker(b"new", takes=0))
                    assert made == b"new"
                    if kept:
                        break
                    await asyncio.sleep(0.05)


async def test_labels_of_the_figures_stay_few_and_plain(log: Log) -> None:
    async with process(None, log) as cache:
        for group in ('a"b\n', *(f"g{number}" for number in range(300))):
            await cache.once(uuid4(), "responses", b"k", Maker(b"", takes=0), group=group)
        assert len(cache.misses) <= 101
        assert cache.misses["responses", "other"] >= 200
        assert all('"' not in group for _, group in cache.misses)
