"""The role `retrace serve` as a process: over TCP, stopped by SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from domain.retrieval.document import LARGEST
from infra.embedded import Servers
from tests.interfaces.http.conftest import MASTER, OPERATOR
from tests.ports import free_port
from tests.until import until


@pytest.fixture
def server(
    servers: Servers, database_url: str, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    port = free_port()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "DATABASE_URL": database_url,
        "REDIS_URL": servers.redis_url or "",
        "RETRACE_MASTER_KEY": MASTER,
        "RETRACE_OPERATOR_KEY": OPERATOR,
        "RETRACE_DATA": str(tmp_path),
        "RETRACE_PORT": str(port),
    }
    log = tmp_path / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "interfaces.cli", "serve"], env=environment, stdout=output, stderr=output
        )
    try:
        yield process, f"http://127.0.0.1:{port}", log
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest_asyncio.fixture
async def client(server: tuple[subprocess.Popen[bytes], str, Path]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a new tenant."""
    async with httpx.AsyncClient(base_url=server[1], timeout=60, trust_env=False) as http:
        async with asyncio.timeout(200):  # it has much to load
            while True:
                with suppress(httpx.TransportError):
                    if (await http.get("/readyz")).status_code == 200:
                        break
                await asyncio.sleep(0.1)
        made = await http.post(
            "/v1/tenants", json={"name": "Over TCP"}, headers={"Authorization": f"Bearer {OPERATOR}"}
        )
        http.headers["Authorization"] = f"Bearer {made.json()['key']}"
        yield http


async def test_it_finishes_what_runs_when_it_is_told_to_stop(
    server: tuple[subprocess.Popen[bytes], str, Path], client: httpx.AsyncClient
) -> None:
    process, _, log = server
    body = {"customer": {"channel": "http", "address": "canary@example.com"}, "text": "A canary?"}
    reply = await client.post("/v1/messages", json=body)
    assert reply.status_code == 200, reply.text
    # No projector runs, so this waits for its two seconds.
    waiting = asyncio.create_task(client.get(f"/v1/interactions/{reply.json()['id']}"))

    async def under_way() -> bool:  # beside the one that looks
        return 'retrace_connections{state="running"} 2.0' in (await client.get("/metrics")).text

    await until(under_way)
    process.send_signal(signal.SIGTERM)
    assert (await waiting).status_code == 503
    assert await asyncio.to_thread(process.wait, 60) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert "canary" not in log.read_text()
    assert any(line.get("route") == "/v1/messages" and line["correlation"] for line in lines)
    assert not [line for line in lines if line["level"] in ("ERROR", "CRITICAL")]


async def test_whoever_follows_the_log_is_let_go_when_it_is_told_to_stop(
    server: tuple[subprocess.Popen[bytes], str, Path], client: httpx.AsyncClient
) -> None:
    process, _, log = server
    parts: list[str] = []
    async with client.stream("GET", "/v1/audit/events/stream", params={"after": "0"}) as reply:
        assert reply.status_code == 200
        async for part in reply.aiter_text():
            parts.append(part)
            if "audit.read" in part:
                process.send_signal(signal.SIGTERM)
    assert "event: tenant.created" in "".join(parts)
    assert await asyncio.to_thread(process.wait, 60) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert not [line for line in lines if line["level"] in ("ERROR", "CRITICAL")]


async def test_a_huge_body_never_fills_its_memory(
    server: tuple[subprocess.Popen[bytes], str, Path], client: httpx.AsyncClient
) -> None:
    import psutil

    process = psutil.Process(server[0].pid)
    sent = 0

    async def huge() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(4096):
            sent += 65536
            yield b"x" * 65536

    before = process.memory_info().rss
    for headers in ({}, {"Idempotency-Key": str(uuid4())}):
        kind = {"Content-Type": "multipart/form-data; boundary=b", **headers}
        with suppress(httpx.WriteError, httpx.ReadError):  # it may hang up while we still send
            reply = await client.post("/v1/documents", content=huge(), headers=kind)
            assert reply.status_code == 413
    assert process.memory_info().rss - before < 6 * LARGEST
    assert (await client.get("/healthz")).status_code == 200
