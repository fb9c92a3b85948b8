"""A server on loopback whose connections have limits, and clients that would rather keep them."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from application.base import repeated
from infra.http import connection
from infra.http.connection import LONGEST_HEAD, limited
from infra.http.connections import Connections
from infra.http.limits import KEPT, Limits, room_for

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
SOON = 10.0
"""Seconds, of a machine that may stand still."""


class Seen:
    """What was counted."""

    def __init__(self) -> None:
        self.reasons = Counter[str]()

    def closed(self, reason: str) -> None:
        self.reasons[reason] += 1


class Server:
    def __init__(self, limits: Limits) -> None:
        self.seen = Seen()
        self.connections = Connections(limits, self.seen)
        self.port = 0
        self.go = asyncio.Event()
        """Lets go whoever asks for /wait."""
        self.headers: list[Any] = []
        """Of the last request that was answered."""

    async def connect(self) -> Streams:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/read":
            while (await receive()).get("more_body"):
                pass
        if scope["path"] == "/wait":
            await self.go.wait()
        self.headers = list(scope["headers"])
        body = b"x" * 30_000_000 if scope["path"] == "/large" else b"ok"
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(**limits: Any) -> AsyncIterator[Server]:
    made = Server(Limits(**{"most": 50, "head": 0.3, "silence": 0.3, "rate": 1000, **limits}))
    config = uvicorn.Config(
        made.app,
        interface="asgi3",
        http=limited(made.connections),
        ws="none",
        port=0,
        log_config=None,
        lifespan="off",
        timeout_keep_alive=2,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    made.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.go.set()
        server.should_exit = True
        await task


async def until_closed(streams: Streams) -> bytes:
    """What comes until the other side closes."""
    async with asyncio.timeout(SOON):
        with suppress(ConnectionResetError):
            return await streams[0].read()
    return b""


async def dripping(streams: Streams, data: bytes = b"X-A: b\r\n") -> None:
    """A little, again and again, for as long as it is let."""
    with suppress(ConnectionError):
        while not streams[1].is_closing():
            streams[1].write(data)
            await streams[1].drain()
            await asyncio.sleep(0.02)


async def test_who_says_nothing_is_let_go() -> None:
    async with serving() as server:
        assert await until_closed(await server.connect()) == b""
        assert server.seen.reasons == {"head": 1}
        assert sum(server.connections.counts().values()) == 0


async def test_a_head_that_comes_by_drops_is_408_however_many_drops_come() -> None:
    async with serving() as server:
        client = await server.connect()
        client[1].write(b"GET / HTTP/1.1\r\nHost: a\r\n")
        drops = asyncio.create_task(dripping(client))
        text = await until_closed(client)
        await drops
        assert text.startswith(b"HTTP/1.1 408 ")
        assert server.seen.reasons == {"head": 1}


async def test_the_next_head_has_its_time_too_and_line_breaks_are_none() -> None:
    async with serving() as server:
        for after in (b"GET / HTTP/1.1\r\n", b"\r\n"):
            client = await server.connect()
            client[1].write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await client[0].readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.4)  # between two requests it may be silent for longer
            client[1].write(after)
            text = await until_closed(client)
            assert text.startswith(b"HTTP/1.1 408 ") if after != b"\r\n" else text == b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * (LONGEST_HEAD // 8 + 1), b"431"),
        (b"GET /" + b"a" * LONGEST_HEAD, b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
    ],
)
async def test_a_head_that_is_none_is_refused(sent: bytes, status: bytes) -> None:
    async with serving(head=60) as server:
        client = await server.connect()
        with suppress(ConnectionError):
            client[1].write(sent)
            await client[1].drain()
        text = await until_closed(client)
        assert (
            text.startswith(b"HTTP/1.1 %b " % status) or text == b""
        )  # it may be cut off while we still send
        assert sum(server.seen.reasons.values()) == 1
        assert server.seen.reasons.keys() <= {"long_head", "malformed"}


async def test_the_rest_of_a_body_that_nobody_reads_is_not_waited_for() -> None:
    """As of a request that was refused at once."""
    async with serving() as server:
        client = await server.connect()
        client[1].write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        assert (await client[0].readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
        drops = asyncio.create_task(dripping(client, b"x"))
        await until_closed(client)
        await drops
        assert server.seen.reasons == {"body": 1}


async def test_trailers_are_none_of_the_headers_and_the_connection_goes_on() -> None:
    async with serving() as server:
        client = await server.connect()
        for _ in range(2):
            client[1].write(b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            client[1].write(b"5\r\nhello\r\n0\r\nX-A: b\r\n\r\n")
            assert (await client[0].readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200 ")
            assert server.headers == [(b"host", b"a"), (b"transfer-encoding", b"chunked")]
        client[1].close()


@pytest.mark.parametrize("path", [b"/", b"/read"], ids=["answered", "under way"])
@pytest.mark.parametrize("drop", [b"X-A: b\r\n", b"XXXXXXXX"], ids=["fields", "one field"])
async def test_behind_a_body_comes_no_more_than_a_head_may_have(
    path: bytes, drop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LONGEST_HEAD", 100)
    async with serving(head=60) as server:
        client = await server.connect()
        client[1].write(b"POST %b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" % path)
        for _ in range(300):
            client[1].write(b"5\r\nhello\r\n")  # a body may be longer
        client[1].write(b"0\r\n")
        drops = asyncio.create_task(dripping(client, drop))
        try:
            await until_closed(client)
        finally:
            client[1].close()
            server.go.set()
        await drops
        assert server.seen.reasons == {"long_tail": 1}
        assert sum(server.connections.counts().values()) == 0


async def test_a_client_that_takes_nothing_of_its_answer_is_let_go_and_a_slow_one_is_not() -> None:
    async with serving(silence=2, head=60) as server:
        clients = []
        for _ in range(2):
            small = socket.socket()
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            small.setblocking(False)
            await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", server.port))
            clients.append(await asyncio.open_connection(sock=small, limit=4096))
            clients[-1][1].write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        _, slow = clients

        async def read_slowly() -> int:
            got = 0
            while got < 30_000_000 and (part := await slow[0].read(200_000)):
                got += len(part)
                await asyncio.sleep(0.001)
            return got

        async with asyncio.timeout(60):
            assert await read_slowly() >= 30_000_000
            while server.seen.reasons != {"reading": 1}:
                await asyncio.sleep(0.05)
        for client in clients:
            client[1].close()


async def test_in_a_flood_who_asks_at_once_gets_in(caplog: pytest.LogCaptureFixture) -> None:
    """500 that say nothing, 100 that drip, on a server that has room for 50: all of them are in its way only until somebody comes."""
    async with serving(most=50, head=60) as server, httpx.AsyncClient(trust_env=False) as kept:
        url = f"http://127.0.0.1:{server.port}"
        assert (await kept.get(url)).text == "ok"
        busy = await server.connect()
        busy[1].write(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        flood: list[Streams] = []
        with caplog.at_level(logging.WARNING, "retrace.http"):
            for number in range(600):
                flood.append(await server.connect())
                if number % 6 == 0:
                    flood[-1][1].write(b"GET / HTTP/1.1\r\nX-")
                if number % 150 == 0:
                    async with httpx.AsyncClient(trust_env=False, timeout=SOON) as keyed:
                        assert (await keyed.get(url)).text == "ok"
                    assert (await kept.get(url)).text == "ok", (
                        "one that is between two requests stays longest"
                    )
        assert sum(server.connections.counts().values()) <= 50
        assert server.seen.reasons["crowded"] >= 540
        server.go.set()
        assert (await busy[0].readuntil(b"ok")).startswith(b"HTTP/1.1 200 "), (
            "who is answered is never let go"
        )
        lines = [record for record in caplog.records if "before their time" in record.message]
        assert len(lines) == 1, "one line, and later one with the count"
        for _, writer in flood:
            writer.close()


async def test_where_all_are_busy_the_next_one_is_told_to_come_again() -> None:
    async with serving(most=10, head=60) as server:
        busy = [await server.connect() for _ in range(10)]
        for _, writer in busy:
            writer.write(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(SOON):
            while server.connections.counts()["running"] < 10:
                await asyncio.sleep(0.01)
        text = await until_closed(await server.connect())
        assert text.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in text
        server.go.set()
        for reader, _ in busy:
            await reader.readuntil(b"ok")
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"http://127.0.0.1:{server.port}")).text == "ok"


async def test_pipelined_requests_are_answered_one_after_another() -> None:
    async with serving() as server:
        client = await server.connect()
        client[1].write(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n" * 2 + b"GET / HTTP/1.1\r\nHost")
        await asyncio.sleep(
            0.5
        )  # longer than a head may take: who is answered is not let go for the next one's
        server.go.set()
        text = await until_closed(client)
        assert text.count(b"HTTP/1.1 200 ") == 2
        assert text.count(b"HTTP/1.1 408 ") == 1


async def test_the_log_has_a_line_for_each_kind_and_then_one_with_the_count(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = repeated.Repeated(logging.getLogger("retrace.test"), every=0.2)
    for _ in range(100):
        told.warn("something", "a")
    told.warn("something", "b")
    await asyncio.sleep(0.5)
    facts = [record.__dict__["facts"] for record in caplog.records if record.name == "retrace.test"]
    assert facts == [
        {"reason": "a", "count": 1},
        {"reason": "b", "count": 1},
        {"reason": "a", "count": 99},
    ]


class Fake:
    """A connection that does nothing."""

    def __init__(self, address: str) -> None:
        self.address, self.open = address, True

    def make_room(self) -> None:
        self.open = False


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["admit", "run", "idle", "new", "leave"])),
        max_size=60,
    )
)
def test_there_are_never_more_than_may_be_and_who_runs_stays(steps: list[tuple[str, str]]) -> None:
    async def play() -> None:
        connections = Connections(Limits(most=5))
        there: dict[Fake, str] = {}
        for address, step in steps:
            same = next((each for each in there if each.address == address), None)
            if step == "admit":
                new, full = Fake(address), len(there) == 5
                before = Counter(each.address for each, state in there.items() if state == "new")
                came = connections.admit(new)
                gone = [each for each in there if not each.open]
                assert came == (not full or any(state != "running" for state in there.values()))
                assert len(gone) == (came and full)
                for each in gone:
                    assert there[each] != "running"
                    if before:
                        assert there[each] == "new"
                        assert before[each.address] == max(before.values())
                    del there[each]
                if came:
                    there[new] = "new"
            elif same is not None and step == "leave":
                connections.left(same)
                del there[same]
            elif same is not None:
                state: Any = {"run": "running"}.get(step, step)
                connections.put(same, state)
                there[same] = state
            assert connections.counts() == {
                state: list(there.values()).count(state) for state in ("new", "idle", "running")
            }

    asyncio.run(play())


def test_there_are_no_more_than_files_may_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    for limits, most in (((1024, 1024), 1024 - KEPT), ((1024, 2000), 2000 - KEPT), ((1024, 100_000), 5000)):
        now = list(limits)
        monkeypatch.setattr(resource, "getrlimit", lambda _, now=now: tuple(now))
        monkeypatch.setattr(resource, "setrlimit", lambda _, new, now=now: now.__setitem__(slice(None), new))
        assert room_for(5000) == most
        assert now[0] >= most + KEPT
