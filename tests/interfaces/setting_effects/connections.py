"""What a client may take its time for."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from contextlib import ExitStack

from tests.interfaces.setting_effects.deployment import HOST, Deployment, Proof
from tests.until import PATIENCE


async def max_connections(deployment: Deployment) -> None:
    """What says nothing makes room for what comes later, long before its time is over."""
    address = (HOST, int(deployment.environment["RETRACE_PORT"]))
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(socket.create_connection(address))
        crowded, until = 0.0, time.monotonic() + 20
        while crowded < 15 and time.monotonic() < until:  # connections are taken in one after the other
            shown = (await deployment.http.get("/metrics")).text
            told = re.findall(r'retrace_connections_closed_total\{reason="crowded"\} ([\d.]+)', shown)
            crowded = float(told[0]) if told else 0.0  # none was crowded out yet
    assert crowded >= 15


async def head_timeout(deployment: Deployment) -> None:
    """By default it is 10 s."""
    began = time.monotonic()
    with socket.create_connection((HOST, int(deployment.environment["RETRACE_PORT"]))) as client:
        client.settimeout(9)
        assert await asyncio.to_thread(client.recv, 100) == b""
    assert time.monotonic() - began > 1.5


async def silence_timeout(deployment: Deployment) -> None:
    """By default it is 30 s."""
    text = await dripped(deployment, drops=0)
    assert text.startswith(b"HTTP/1.1 408 ")


async def min_transfer_rate(deployment: Deployment) -> None:
    """By default this would be far too slow."""
    text = await dripped(deployment, drops=25)
    assert text.startswith(b"HTTP/1.1 400 "), "all of it came, and it is no message"


async def dripped(deployment: Deployment, drops: int) -> bytes:
    """The answer to a body of 25 bytes, of which so many come, in 5 s."""
    reader, writer = await asyncio.open_connection(HOST, int(deployment.environment["RETRACE_PORT"]))
    key = deployment.http.headers["Authorization"]
    head = f"POST /v1/messages HTTP/1.1\r\nHost: a\r\nAuthorization: {key}\r\nContent-Length: 25\r\nContent-Type: application/json\r\n\r\n"
    writer.write(head.encode())
    for _ in range(drops):
        writer.write(b"x")
        await asyncio.sleep(0.2)
    async with asyncio.timeout(PATIENCE):
        text = await reader.readuntil(b"\r\n")
    writer.close()
    return text


PROOFS: dict[str, Proof] = {
    "RETRACE_MAX_CONNECTIONS": max_connections,
    "RETRACE_HEADER_TIMEOUT": head_timeout,
    "RETRACE_SILENCE_TIMEOUT": silence_timeout,
    "RETRACE_MIN_TRANSFER_RATE": min_transfer_rate,
}
