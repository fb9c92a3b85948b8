"""kill -9 of writers, workers, projectors and the database at seeded random moments, under load.

Nothing acknowledged is lost, nothing doubled, each message answered once, all invariants hold over every prefix, verification is
clean, projections are equal to a rebuild from zero.
A failing seed runs again the same way: pytest -m soak tests/soak/test_crash.py --seed N
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sized
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from application.context import Context
from application.document import UploadDocument, upload_document
from application.tenant import CreateTenant, create_tenant
from domain.conversation import Conversation
from domain.invariants import Invariants
from infra.database import Database
from infra.embedded.postgres import EmbeddedPostgres
from infra.log.reader import Reader
from infra.projections.projector import Projector
from infra.settings import Secret, Settings
from interfaces import supervisor
from interfaces.bootstrap import Services, services
from interfaces.supervisor import Tree, tree
from projections import PROJECTIONS

pytestmark = pytest.mark.soak
KILLS = 50
CLIENTS = 8
CUSTOMERS = 12


async def test_nothing_is_lost_or_doubled_by_kills(
    share: float, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PAUSES", (0.0,))
    # Not pytest's folder: that one is closed to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="retrace-crash-") as folder:
        async with asyncio.timeout(300 + 30 * KILLS * share):
            await run(Settings(data=Path(folder), port=free_port()), seed, max(4, round(KILLS * share)))


async def run(settings: Settings, seed: int, kills: int) -> None:
    with tree(settings, say=lambda _: None) as running:
        running.wait_ready()
        async with deployed(running) as parts:
            made = [await tenant(parts, f"tenant {n}") for n in range(2)]
            acknowledged: dict[str, UUID] = {}
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as group:  # whatever fails ends the run at once
                watching = group.create_task(watch(running))
                load = [
                    group.create_task(
                        send(n, running.url, made, acknowledged, stop, random.Random(f"{seed} {n}"))
                    )
                    for n in range(CLIENTS)
                ]
                killed = await kill(running, acknowledged, random.Random(seed), kills)
                await more(acknowledged, 20)
                stop.set()
                await asyncio.gather(*load)
                await quiet(parts)
                watching.cancel()
            print(f"killed {dict(killed)}, {len(acknowledged)} messages acknowledged")
            await verify(parts, [tenant_id for tenant_id, _ in made], acknowledged)


async def kill(running: Tree, acknowledged: Sized, chance: random.Random, kills: int) -> Counter[str]:
    """Kill one process after another; the supervisor starts it again. Every fourth dies while the one before is still coming up."""
    killed: Counter[str] = Counter()
    for _ in range(kills):
        if chance.random() < 0.75:
            await more(acknowledged, chance.randrange(1, 20))
        await asyncio.sleep(chance.uniform(0.0, 0.5))
        target = chance.choice(["serve", "worker", "projector", "database"])
        killed[target] += 1
        if target == "database":
            server = next(s for s in running._servers.ours if isinstance(s, EmbeddedPostgres))
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
        else:
            os.kill(running.pid_of(target), signal.SIGKILL)
    return killed


async def more(acknowledged: Sized, count: int) -> None:
    """Until so many more messages are acknowledged; however slow the machine is, each kill so hits a deployment at work."""
    wanted = len(acknowledged) + count
    async with asyncio.timeout(200):
        while len(acknowledged) < wanted:
            await asyncio.sleep(0.01)


async def watch(running: Tree) -> None:
    """What `retrace up` does, in this thread: children end with the thread that started them."""
    while True:
        running.look()
        await asyncio.sleep(0.1)


async def send(
    number: int,
    url: str,
    tenants: list[tuple[UUID, str]],
    acknowledged: dict[str, UUID],
    stop: asyncio.Event,
    chance: random.Random,
) -> None:
    """Send message after message; one that was not acknowledged is sent again, under the same id."""
    async with httpx.AsyncClient(base_url=url, timeout=15, trust_env=False) as client:
        count = 0
        while not stop.is_set():
            count += 1
            message, (tenant_id, key) = f"c{number}-{count}", tenants[count % len(tenants)]
            body = {
                "customer": {"channel": "http", "address": f"customer {chance.randrange(CUSTOMERS)}"},
                "text": f"When are you open? ({message})",
                "message_id": message,
                "wait": chance.choice([0, 0, 10]),
            }
            while not stop.is_set():
                try:
                    reply = await client.post(
                        "/v1/messages", json=body, headers={"Authorization": f"Bearer {key}"}
                    )
                except httpx.HTTPError:
                    reply = None
                if reply is not None and reply.status_code in (200, 202):
                    acknowledged[message] = tenant_id
                    break
                if reply is not None:
                    assert reply.status_code == 503, (reply.status_code, reply.text)
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.02)


async def quiet(parts: Services) -> None:
    """Until nothing is owed and every projection is at the end of the log."""
    owed = "SELECT kind, attempts, error, parked_at, wake_at - now() FROM work"
    behind = (
        "SELECT h.tenant, p, h.seq, c.seq, c.stopped FROM heads h CROSS JOIN unnest(%s::text[]) AS p "
        "LEFT JOIN cursors c ON c.tenant = h.tenant AND c.projection = p WHERE coalesce(c.seq, 0) < h.seq"
    )
    deadline = time.monotonic() + 180
    while True:
        async with parts.system.system() as connection:
            left = await (await connection.execute(owed)).fetchall()
            left += await (await connection.execute(behind, [[p.name for p in PROJECTIONS]])).fetchall()
        if not left:
            return
        assert time.monotonic() < deadline, f"work or projections did not come to an end: {left[:5]}"
        await asyncio.sleep(0.2)


async def verify(parts: Services, tenants: list[UUID], acknowledged: dict[str, UUID]) -> None:
    for tenant_id in tenants:
        events = [recorded async for recorded in parts.store.events(tenant_id)]
        assert [recorded.position for recorded in events] == list(range(1, len(events) + 1))
        received = Counter(
            r.event.message for r in events if isinstance(r.event, Conversation.MessageReceived)
        )
        answered = Counter(
            m for r in events if isinstance(r.event, Conversation.Answered) for m in r.event.messages
        )
        ours = {message for message, owner in acknowledged.items() if owner == tenant_id}
        assert ours <= received.keys()
        assert set(received.values()) == {1}
        assert answered == received
        assert (await parts.checkpoints.make(tenant_id)) is not None
        report = await parts.verify(tenant_id)
        assert (report.events, report.findings) == (len(events), [])
        invariants = Invariants()
        invariants.fold(events)
        assert invariants.violations == []
    before = await snapshot(parts, tenants)
    with psycopg.connect(str(parts.settings.database_url), autocommit=True) as superuser:
        for name in (*before, "cursors"):
            superuser.execute(f"DELETE FROM retrace.{name}".encode())
    url = str(parts.settings.database_url)
    async with Database(url, role="retrace_projector") as writer:
        reader = Reader(writer, parts.keyring)
        again = Projector(PROJECTIONS, writer=writer, system=parts.system, reader=reader, hints=parts.hints)
        await again.catch_up()
    for _ in range(100):  # the running projector may have taken a part of it
        if await snapshot(parts, tenants) == before:
            return
        await asyncio.sleep(0.1)
    assert await snapshot(parts, tenants) == before


async def snapshot(parts: Services, tenants: list[UUID]) -> dict[str, list[Any]]:
    """All rows of the read models."""
    found: dict[str, list[Any]] = {}
    for table in (table for projection in PROJECTIONS for table in projection.tables):
        rows: list[Any] = []
        for tenant_id in tenants:
            async with parts.database.tenant(tenant_id) as connection:
                rows += await (await connection.execute(f"SELECT * FROM {table.name}".encode())).fetchall()
        found[table.name] = sorted(rows, key=repr)
    return found


async def tenant(parts: Services, name: str) -> tuple[UUID, str]:
    made = await create_tenant(
        CreateTenant(name=name), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    context = Context(tenant=made.tenant, actor="operator:test", correlation=parts.ids())
    upload = UploadDocument(name="hours.txt", content=b"The shop is open from nine to five.")
    await upload_document(
        upload,
        context,
        store=parts.store,
        keyring=parts.keyring,
        files=parts.files,
        extractor=parts.extractor,
        clock=parts.clock,
    )
    return made.tenant, made.key


@asynccontextmanager
async def deployed(running: Tree) -> AsyncIterator[Services]:
    """Our own way into the deployment."""
    environment = running._environment
    settings = Settings(
        database_url=Secret(environment["DATABASE_URL"]),
        redis_url=Secret(environment["REDIS_URL"]),
        master_key=Secret(environment["RETRACE_MASTER_KEY"]),
        data=running.settings.data,
    )
    async with services(settings, pool=4) as parts:
        yield parts


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
