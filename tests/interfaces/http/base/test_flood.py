"""The server as it is served, with its limits, and clients who would keep others out."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
import uvicorn

from infra.http.connection import limited
from infra.settings import Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services
from interfaces.serve import connections_of
from tests.interfaces.http.conftest import Customer

SOON = 20.0
"""Seconds, of a machine that may stand still."""

LIMITS = {"max_connections": 60, "header_timeout": 60, "silence_timeout": 1, "min_transfer_rate": 1000}


@asynccontextmanager
async def served(parts: Services, **limits: Any) -> AsyncIterator[int]:
    """Its port."""
    given = {field: getattr(parts.settings, field) for field in parts.settings.__struct_fields__}
    parts = dataclasses.replace(parts, settings=Settings(**given | LIMITS | limits))
    connections = connections_of(parts.settings, parts)
    config = uvicorn.Config(
        create_app(parts), http=limited(connections), ws="none", port=0, log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await task


@pytest_asyncio.fixture(scope="module")
async def port(parts: Services) -> AsyncIterator[int]:
    async with served(parts) as port:
        yield port


async def test_in_a_flood_those_with_a_key_get_in(
    ours: Customer, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """500 that say nothing and 60 that drip, some with a key that is none, on a server with room for 60."""
    writers: list[asyncio.StreamWriter] = []
    url = f"http://127.0.0.1:{port}"
    try:
        with caplog.at_level(logging.WARNING, "retrace.http"):
            async with httpx.AsyncClient(
                base_url=url, headers=ours.http.headers, timeout=SOON, trust_env=False
            ) as keyed:
                for number in range(560):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writers.append(writer)
                    if number % 10 == 0:
                        writer.write(b"POST /v1/messages HTTP/1.1\r\nHost: a\r\nX-")
                    elif number % 10 == 1:
                        writer.write(
                            b"POST /v1/documents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer rt_none\r\n"
                            b"Content-Length: 9000000\r\n\r\nx"
                        )
                    if number % 80 == 0:
                        assert (await keyed.get("/v1/keys")).status_code == 200
                        async with httpx.AsyncClient(
                            base_url=url, headers=ours.http.headers, timeout=SOON, trust_env=False
                        ) as new:
                            assert (await new.get("/v1/keys")).status_code == 200
                shown = (await keyed.get("/metrics")).text
    finally:
        for writer in writers:
            writer.close()
    counts = {
        name: float(value)
        for name, _, value in (line.partition(" ") for line in shown.splitlines())
        if name.startswith("retrace_connections")
    }
    assert (
        sum(counts[f'retrace_connections{{state="{state}"}}'] for state in ("new", "idle", "running")) <= 60
    )
    assert counts['retrace_connections_closed_total{reason="crowded"}'] >= 450
    told = [record for record in caplog.records if "before their time" in record.message]
    assert 1 <= len(told) <= 5, "not a line for each"


FORM = b"multipart/form-data; boundary=b"
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
BODIES = {
    "a message": (b"/v1/messages", b"application/json", b'{"customer": '),
    "an upload": (b"/v1/documents", FORM, FILE),
    "with an Idempotency-Key": (b"/v1/documents", FORM, FILE),
    "a completion": (b"/v1/chat/completions", b"application/json", b'{"model": '),
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("size", [b"Content-Length: 90000", b"Transfer-Encoding: chunked"])
async def test_a_body_that_drips_is_408_and_its_connection_is_closed(
    ours: Customer, port: int, name: str, size: bytes
) -> None:
    path, kind, begin = BODIES[name]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    key = b"Idempotency-Key: %b\r\n" % str(uuid4()).encode() if "Idempotency" in name else b""
    head = b"POST %b HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %b\r\nContent-Type: %b\r\n%b%b\r\n\r\n"
    writer.write(head % (path, ours.key.encode(), kind, key, size))

    def send(part: bytes) -> None:
        writer.write(b"%x\r\n%b\r\n" % (len(part), part) if b"chunked" in size else part)

    async def drip() -> None:
        send(begin)
        with suppress(ConnectionError):
            while not writer.is_closing():
                send(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)

    drops = asyncio.create_task(drip())
    async with asyncio.timeout(SOON):
        text = await reader.read()
    writer.close()
    await drops
    top, _, body = text.partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 408 "), text
    assert b"connection: close" in top.lower()
    problem: dict[str, Any] = json.loads(body)
    assert problem["type"] == "/problems/too-slow"
    if name == "a completion":
        assert problem["error"]["type"] == "invalid_request_error"


async def test_a_body_that_comes_slowly_and_fast_enough_is_taken(ours: Customer, parts: Services) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="slow.txt"\r\n\r\n'
        for _ in range(35):  # longer than it may be silent, and three times as much as it must be
            await asyncio.sleep(0.1)
            yield b"A line of a text that comes slowly.\n" * 10
        yield b"\r\n--b--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=b", **ours.http.headers}
    # A machine that stands still for a second or two is no client that is silent.
    async with (
        served(parts, silence_timeout=3) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http,
    ):
        reply = await http.post("/v1/documents", content=slowly(), headers=kind)
    assert reply.status_code == 201, reply.text


async def test_a_tenant_that_waits_on_half_of_the_connections_leaves_the_others(
    ours: Customer, theirs: Customer, port: int, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, go = f"http://127.0.0.1:{port}", asyncio.Event()
    waiting = 0

    async def last(tenant: Any) -> dict[str, Any]:
        nonlocal waiting
        waiting += 1
        await go.wait()
        return {}

    monkeypatch.setattr(parts.key_use, "last", last)
    async with (
        httpx.AsyncClient(base_url=url, headers=ours.http.headers, timeout=SOON, trust_env=False) as http,
        httpx.AsyncClient(base_url=url, headers=theirs.http.headers, timeout=SOON, trust_env=False) as other,
    ):
        under_way = [asyncio.create_task(http.get("/v1/keys")) for _ in range(30)]
        async with asyncio.timeout(SOON):
            while waiting < 30:
                await asyncio.sleep(0.01)
        refused = await http.get("/v1/budgets")
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) >= 1
        assert "30 requests of this tenant's" in refused.json()["detail"]
        assert (await other.get("/v1/budgets")).status_code == 200
        go.set()
        assert {(await each).status_code for each in under_way} == {200}
        assert (await http.get("/v1/budgets")).status_code == 200
