"""A message's way to its answer over HTTP, with the local provider and the demo's documents; and where its time goes."""

from __future__ import annotations

import asyncio
import base64
import itertools
import logging
import socket
import subprocess
import tempfile
import time
import tomllib
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx
import uvloop

from application.retrieval.document import UploadDocument, upload_document
from application.retrieval.process_document import ProcessDocument, process_document
from application.tenancy.tenant import CreateTenant, create_tenant
from bench.client import Client, connected
from bench.harness import Result, arguments, conditions, percentile, report, rounds
from bench.parts import MASTER, UNLIMITED
from bench.server import server
from bench.shares import shares
from domain.base.context import Context
from infra.embedded.process import end_all
from infra.settings import Secret, Settings, environment_of
from interfaces.bootstrap import Services, services
from interfaces.cli.demo.filling import DATA, DOCUMENTS
from interfaces.processes.children import role_command

CLIENTS = (1, 32)
ROUNDS = 3
READY = 60.0
"""Seconds."""
_numbers = itertools.count()


def questions() -> list[str]:
    asked = tomllib.loads((DATA / "questions.toml").read_text())["question"]
    return [each["text"] for each in asked if each["kind"] in ("document", "several questions", "unknown")]


async def tenant_with_documents(parts: Services) -> tuple[UUID, str]:
    """A tenant that knows the demo's documents, and its API key."""
    made = await create_tenant(
        CreateTenant(name="Bench"),
        actor="operator:bench",
        store=parts.store,
        clock=parts.clock,
        ids=parts.ids,
    )
    context = Context(tenant=made.tenant, actor="operator:bench", correlation=parts.ids())
    for name in DOCUMENTS:
        async with parts.files.spool() as spool:
            await spool.write((DATA / name).read_bytes())
            uploaded = await upload_document(
                UploadDocument(name=name, content=spool),
                context,
                store=parts.store,
                keyring=parts.keyring,
                files=parts.files,
                extractor=parts.extractor,
                named=parts.named_documents,
                clock=parts.clock,
            )
        await process_document(
            ProcessDocument(document=uploaded.document),
            context,
            store=parts.store,
            keyring=parts.keyring,
            files=parts.files,
            extractor=parts.extractor,
            embedder=parts.embedder,
            vectors=parts.vectors,
            named=parts.named_documents,
            catalogue=parts.catalogue,
            progress=parts.progress,
            clock=parts.clock,
        )
    return made.tenant, made.key


async def ask(client: Client, until: float, asked: list[str]) -> list[float]:
    """One customer after another writes one message; the seconds until each answer."""
    times = []
    while (started := time.perf_counter()) < until:
        number = next(_numbers)
        body = {
            "customer": {"channel": "http", "address": f"customer {number}"},
            "text": asked[number % len(asked)],
        }
        status, reply = await client.post("/v1/messages", body)
        if status != 200:
            raise RuntimeError(f"the message was not answered: {status} {reply[:300]!r}")
        times.append(time.perf_counter() - started)
    return times


async def _load(settings: Settings, key: str, clients: int, seconds: float) -> dict[str, float]:
    asked = questions()
    async with AsyncExitStack() as stack:
        headers = {"X-Tenant-API-Key": key}
        all = [
            await stack.enter_async_context(connected(settings.host, settings.port, headers))
            for _ in range(clients)
        ]
        began = time.perf_counter()
        times = await asyncio.gather(*(ask(client, began + seconds, asked) for client in all))
        took = time.perf_counter() - began
    flat = [1000 * each for some in times for each in some]
    return {
        f"clients_{clients}_per_s": len(flat) / took,
        f"clients_{clients}_p50_ms": percentile(flat, 0.5),
        f"clients_{clients}_p95_ms": percentile(flat, 0.95),
    }


def load(settings: Settings, key: str, clients: int, seconds: float) -> dict[str, float]:
    return uvloop.run(_load(settings, key, clients, seconds))


async def _prepare(settings: Settings) -> tuple[UUID, str]:
    async with services(settings, pool=4) as parts:
        return await tenant_with_documents(parts)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"http://{settings.host}:{settings.port}/readyz").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the HTTP role did not come up")


def main() -> None:
    given = arguments("a message's way to its answer")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    part = given.seconds / (ROUNDS * len(CLIENTS) + 1)
    with server() as running, running.fresh() as url, tempfile.TemporaryDirectory() as data:
        settings = Settings(
            database_url=Secret(url),
            redis_url=Secret(running.redis_url) if running.redis_url else None,
            master_key=Secret(base64.b64encode(MASTER).decode()),
            data=Path(data),
            port=free_port(),
            log_level="WARNING",
            **UNLIMITED,
        )
        tenant, key = uvloop.run(_prepare(settings))
        process = subprocess.Popen(role_command("serve"), env=environment_of(settings))
        try:
            wait_ready(settings, process)
            load(settings, key, max(CLIENTS), 1)
            figures = rounds(
                [partial(load, settings, key, clients, part) for clients in CLIENTS], ROUNDS
            ).medians
        finally:
            end_all([process], patience=10)
        figures |= uvloop.run(shares(settings, tenant, part, questions()))
    figures["http_ms"] = figures["clients_1_p50_ms"] - figures["in_process_ms"]
    result = Result(
        name="message",
        ratio=figures["clients_32_per_s"] / figures["clients_1_per_s"],
        figures=figures,
        conditions=conditions(
            running.version, rounds=ROUNDS, provider="local/extractive", documents=len(DOCUMENTS)
        ),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
