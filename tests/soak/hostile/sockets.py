"""Connections that hold what others need: idle ones, dripping ones, bodies that never end; with and without a key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from tests.soak.hostile.client import Client

IDLE = 60
"""Connections at once, of one client."""
FULL = 1_000_000
"""Bytes of an answer that are read."""


async def talk(
    client: Client, data: bytes, *, within: float, drips: Sequence[bytes] = (), pause: float = 0
) -> None:
    """Send `data`, then the drips; read what comes, for so many seconds at most."""
    got = b""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(within):
            reader, writer = await asyncio.open_connection(client.world.host, client.world.port)
            try:
                writer.write(data)
                reading = asyncio.create_task(reader.read(FULL))
                for drip in drips:
                    await asyncio.wait((reading,), timeout=pause)
                    if reading.done() or writer.is_closing():  # uvloop raises where asyncio only warns
                        break
                    writer.write(drip)
                    await writer.drain()
                if not drips and not data and not writer.is_closing():
                    writer.write_eof()
                got = await reading
                while len(got) < FULL and (more := await reader.read(FULL)):
                    got += more
            finally:
                reading.cancel()
                writer.transport.abort()
    _judge(client, data, got)


def _judge(client: Client, data: bytes, got: bytes) -> None:
    asked = repr(data[:60])
    client.received.body(asked, got)
    head, _, _ = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) < 2 or not parts[1].isdigit():
        client.received.nothing()
        return
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    client.received.status(asked, int(parts[1]), headers)


def request(client: Client, method: str, path: str, *more: str) -> bytes:
    """The head of a request, with a villain's key or without."""
    key = [f"Authorization: Bearer {client.villain()}"] if client.chance.random() < 0.5 else []
    return "\r\n".join(
        [f"{method} {path} HTTP/1.1", f"Host: {client.world.host}", *key, *more, "", ""]
    ).encode()


async def with_idle_connections(client: Client) -> None:
    """Opened and left alone, in the middle of a head, or after a first request."""
    held = client.chance.uniform(2, 15)
    begun = client.chance.choice(
        (b"", b"GET /v1/conversations HTTP/1.1\r\nHost: a\r\nX-", request(client, "GET", "/healthz"))
    )
    await asyncio.gather(*(talk(client, begun, within=held) for _ in range(IDLE)))
    await client.pause(2)


async def with_dripping_bodies(client: Client) -> None:
    """A byte now and then, with a told size and without one; or more bytes than a route takes."""
    path = client.chance.choice(("/v1/messages", "/v1/documents", "/v1/chat/completions"))
    kind = "Content-Type: " + ("multipart/form-data; boundary=b" if "doc" in path else "application/json")
    told = client.chance.choice(
        ("Content-Length: 1000000", "Content-Length: 10000000", "Transfer-Encoding: chunked")
    )
    drip = b"1\r\n \r\n" if "chunked" in told else b" "
    if client.chance.random() < 0.3:
        drip = b"10000\r\n" + b" " * 65536 + b"\r\n" if "chunked" in told else b" " * 65536
    expect = ["Expect: 100-continue"] if client.chance.random() < 0.2 else []
    drips = [drip] * client.chance.randrange(5, 300)
    begun = request(client, "POST", path, kind, told, *expect)
    sent = (
        talk(client, begun, within=20, drips=drips, pause=0.05) for _ in range(client.chance.randrange(1, 20))
    )
    await asyncio.gather(*sent)
    await client.pause(2)
