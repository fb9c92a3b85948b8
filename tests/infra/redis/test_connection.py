"""Redis that must not hold up a call: its connections may be ended, its askers go away, its server stand still."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from infra.embedded import Servers
from infra.embedded.redis import EmbeddedRedis
from infra.redis.connection import CONNECTIONS, RedisConnection, RedisUnavailable
from infra.redis.pipelining import LINES
from tests.until import PATIENCE, until


@pytest_asyncio.fixture(name="reach")
async def _reach(servers: Servers) -> AsyncIterator[RedisConnection]:
    reach = RedisConnection(servers.redis_url)
    yield reach
    await reach.close()


Say = Callable[[RedisConnection, str], Awaitable[bytes]]


async def said(reach: RedisConnection, word: str) -> bytes:
    answer: bytes = await reach.command("ECHO", word)
    return answer


async def said_alone(reach: RedisConnection, word: str) -> bytes:
    answer: bytes = await reach.ask(lambda redis: redis.echo(word))
    return answer


both_ways = pytest.mark.parametrize("say", [said, said_alone])


@both_ways
async def test_many_ask_at_once_over_few_connections(
    reach: RedisConnection, servers: Servers, say: Say
) -> None:
    words = [str(number) for number in range(50 * CONNECTIONS)]
    async with Redis.from_url(str(servers.redis_url)) as redis:
        others = {each["id"] for each in await redis.client_list()}
        assert await asyncio.gather(*(say(reach, word) for word in words)) == [
            word.encode() for word in words
        ]
        assert len({each["id"] for each in await redis.client_list()} - others) <= max(CONNECTIONS, LINES)


@both_ways
async def test_connections_that_were_ended_while_nobody_used_them_are_made_again(
    reach: RedisConnection, servers: Servers, caplog: pytest.LogCaptureFixture, say: Say
) -> None:
    words = [str(number) for number in range(CONNECTIONS)]
    for _ in range(3):
        await asyncio.gather(*(say(reach, word) for word in words))
        async with Redis.from_url(str(servers.redis_url)) as redis:
            await redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert await say(reach, "still there") == b"still there"
    assert reach.there
    assert not caplog.records


@both_ways
async def test_connections_that_were_reset_while_nobody_used_them_are_made_again(
    servers: Servers, caplog: pytest.LogCaptureFixture, say: Say
) -> None:
    """As by a firewall, or a host that was killed: uvloop tells it in another way than an end."""
    async with between(servers) as (url, resets):
        reach = RedisConnection(url, every=600.0)
        for _ in range(3):
            async with asyncio.timeout(PATIENCE):
                assert await asyncio.gather(*(say(reach, word) for word in "abc")) == [b"a", b"b", b"c"]
            resets()
            await asyncio.sleep(0.02)
        assert reach.there
        assert not caplog.records
        await reach.close()


@asynccontextmanager
async def between(servers: Servers) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """A URL of Redis behind somebody who passes on what is said, and what resets all connections there."""
    open_here: set[asyncio.StreamWriter] = set()

    async def passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_unix_connection(urlsplit(str(servers.redis_url)).path)
        open_here.add(writer)

        async def on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                while data := await source.read(65536):
                    sink.write(data)
            sink.close()

        await asyncio.gather(on(reader, to_there), on(there, writer))

    def resets() -> None:
        while open_here:
            writer = open_here.pop()
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    async with await asyncio.start_server(passing, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}", resets
        resets()


async def test_a_command_that_cant_be_sent_is_told_to_whoever_waits(servers: Servers) -> None:
    reach = RedisConnection(servers.redis_url, every=600.0)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(RedisUnavailable):
            await reach.command("ECHO", "\ud800")
        await until(lambda: reach.there)
        assert await said(reach, "again") == b"again"
    await reach.close()


async def test_what_nobody_waits_for_any_more_is_not_sent(reach: RedisConnection) -> None:
    asking = asyncio.create_task(reach.command("SET", "retrace:left", "sent"))
    await asyncio.sleep(0)
    asking.cancel()
    assert await said(reach, "later") == b"later"
    assert await reach.command("GET", "retrace:left") is None


@both_ways
async def test_whoever_goes_away_in_the_middle_leaves_no_answer_to_the_next(
    reach: RedisConnection, say: Say
) -> None:
    for number in range(50):
        asking = asyncio.create_task(say(reach, f"left {number}"))
        await asyncio.sleep(number / 1e5)
        asking.cancel()
        assert await say(reach, f"asked {number}") == f"asked {number}".encode()
    assert reach.there


@both_ways
async def test_a_server_that_stands_still_costs_one_wait_and_is_asked_again_when_it_goes_on(
    tmp_path: Path, hasty: float, say: Say
) -> None:
    with EmbeddedRedis(tmp_path) as server:
        reach = RedisConnection(server.url, every=0.05)
        assert await say(reach, "quick") == b"quick"
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            for _ in range(100):
                with pytest.raises(RedisUnavailable):
                    await say(reach, "hello?")
            assert hasty <= time.monotonic() - began < 50 * hasty, "and not a hundred waits"
        finally:
            os.kill(server.pid, signal.SIGCONT)
        await until(lambda: reach.there)
        assert await say(reach, "again") == b"again"
        await reach.close()


async def test_a_process_that_stood_still_itself_asks_on_at_once(servers: Servers, hasty: float) -> None:
    reach = RedisConnection(servers.redis_url, every=600.0)
    assert await said_alone(reach, "quick") == b"quick"
    asking = asyncio.create_task(said_alone(reach, "hello?"))
    await asyncio.sleep(0)
    time.sleep(1.1 * hasty)  # noqa: ASYNC251 - all of the process stands still
    with pytest.raises(RedisUnavailable):
        await asking
    await until(lambda: reach.there)
    assert await said_alone(reach, "again") == b"again"
    await reach.close()


async def test_a_server_that_answers_and_refuses_is_left_alone_between_two_looks(
    servers: Servers, caplog: pytest.LogCaptureFixture
) -> None:
    reach = RedisConnection(servers.redis_url, every=600.0)
    for _ in range(200):
        with pytest.raises(RedisUnavailable):
            await reach.ask(lambda redis: redis.execute_command("NONSENSE"))
        await asyncio.sleep(0.002)
    assert len(caplog.records) <= 6
    await reach.close()


async def test_a_refused_command_is_refused_to_whoever_asked_it(servers: Servers) -> None:
    reach = RedisConnection(servers.redis_url, every=600.0)
    asked = [said(reach, "before"), reach.command("NONSENSE"), said(reach, "after")]
    before, refused, after = await asyncio.gather(*asked, return_exceptions=True)
    assert (before, after) == (b"before", b"after")
    assert isinstance(refused, RedisUnavailable)
    await until(lambda: reach.there)
    await reach.close()


async def test_where_there_is_none_it_says_so() -> None:
    reach = RedisConnection(None)
    assert not reach.there
    with pytest.raises(RedisUnavailable):
        await said(reach, "hello?")
    await reach.close()
