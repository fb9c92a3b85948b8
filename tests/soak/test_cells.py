"""Two cells below one deployment, used by HTTP while tenants move between them and roles and a cell's database are killed (kill -9) at seeded moments.

Each message that was acknowledged is answered exactly once, wherever its tenant was, one cell has each tenant, and both logs are whole.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import psycopg
import pytest

from application.base.tasks import cancel_and_wait
from application.ports import Unavailable
from domain.audit.invariants import Invariants
from domain.base.errors import Refused
from domain.conversations.conversation import Conversation
from infra.embedded import Servers, servers
from infra.embedded.postgres import EmbeddedPostgres
from infra.moving.move import move
from infra.moving.side import side
from infra.settings import MAIN, Secret
from interfaces.bootstrap import Cells, Services, services
from tests.soak.deployment import Deployment, deployment, tenant_of
from tests.soak.kills import end

pytestmark = pytest.mark.soak
ROUNDS = 12
TARGETS = ("serve", "worker", "projector", "west", "database")
LOST = (httpx.TransportError, psycopg.Error, Unavailable, OSError)
"""What it means where something has been killed just now: it is tried again."""


async def said_by(url: str, key: str, said: list[str]) -> None:
    """One message after the other, each until it is taken."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as http:
        while True:
            name = f"m{len(said)}"
            body = {
                "customer": {"channel": "http", "address": name},
                "text": "Are you open?",
                "message_id": name,
            }
            try:
                reply = await http.post("/v1/messages", json=body)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
                continue
            assert reply.status_code in (200, 202, 503), reply.text
            if reply.status_code == 503:
                assert "Retry-After" in reply.headers
            else:
                said.append(name)
            await asyncio.sleep(0.1)


async def kept_up(west: Servers) -> None:
    """What whoever runs that server does."""
    while True:
        await asyncio.to_thread(west.ensure)
        await asyncio.sleep(0.2)


async def moved(tenant: UUID, here: Services, there: Services) -> None:
    """Until it gets through."""
    while True:
        try:
            async with (
                side(here.cell, here.files.blobs, here.name) as source,
                side(there.cell, there.files.blobs, there.name) as target,
            ):
                await move(tenant, source, target)
            return
        except LOST:
            await asyncio.sleep(0.5)
        except Refused as refused:  # killed between its last step and the word that it is done
            if "has moved to" not in str(refused):
                raise
            return


async def kill(target: str, deployed: Deployment, west: Servers) -> None:
    if target != "west":
        await end(deployed, target)
        return
    (postgres,) = (each for each in west.ours if isinstance(each, EmbeddedPostgres))
    if (pid := postgres.pid) is not None:
        os.kill(pid, signal.SIGKILL)


async def answered(parts: Services, tenant: UUID, least: int) -> Counter[str]:
    """How often each message was taken, once all have been answered. Raises AssertionError where one was answered twice."""
    async with asyncio.timeout(180):
        while True:
            events = [each.event async for each in parts.store.events(tenant)]
            got = Counter(each.message for each in events if isinstance(each, Conversation.MessageReceived))
            answers = Counter(
                message
                for each in events
                if isinstance(each, Conversation.Answered)
                for message in each.messages
            )
            assert set(answers.values()) <= {1}
            if len(got) >= least and set(answers) == set(got):
                return got
            await asyncio.sleep(0.5)


async def test_every_message_is_answered_once_wherever_its_tenant_is(
    pytestconfig: pytest.Config, seed: int
) -> None:
    rounds = max(4, round(ROUNDS * pytestconfig.getoption("--share")))
    chance = random.Random(f"cells {seed}")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="retrace-cells-")))
        west = stack.enter_context(servers(folder / "west"))
        cells_text = Secret(f"west={west.database_url}")
        deployed = await stack.enter_async_context(deployment(folder / "main", cells=cells_text))
        by_cell = msgspec.structs.replace(deployed.parts.settings, cells=cells_text).by_cell
        cells = Cells(list(by_cell))
        for name, each in by_cell.items():
            await stack.enter_async_context(services(each, pool=4, name=name, cells=cells))
        tenants = {tenant: (key, MAIN) for tenant, key in deployed.tenants}
        tenants |= {made[0]: (made[1], "west") for made in [await tenant_of(cells.named("west"), "west's")]}
        where = {tenant: cell for tenant, (_, cell) in tenants.items()}
        said: dict[UUID, list[str]] = {tenant: [] for tenant in tenants}
        beside = [asyncio.create_task(kept_up(west))]
        beside += [
            asyncio.create_task(said_by(deployed.running.url, key, said[tenant]))
            for tenant, (key, _) in tenants.items()
        ]
        try:
            for _ in range(rounds):
                tenant = chance.choice(list(where))
                other = "west" if where[tenant] == MAIN else MAIN
                moving = asyncio.create_task(moved(tenant, cells.named(where[tenant]), cells.named(other)))
                await asyncio.sleep(chance.uniform(0, 1.5))
                await kill(chance.choice(TARGETS), deployed, west)
                await asyncio.wait_for(moving, 180)
                where[tenant] = other
                before = {each: len(taken) for each, taken in said.items()}
                async with asyncio.timeout(180):  # all of them come through again
                    while any(len(taken) <= before[each] for each, taken in said.items()):
                        assert not any(task.done() for task in beside)
                        await asyncio.sleep(0.1)
        finally:
            await cancel_and_wait(*beside[1:])
        for tenant, taken in said.items():
            parts, other = cells.named(where[tenant]), cells.named("west" if where[tenant] == MAIN else MAIN)
            got = await answered(parts, tenant, len(set(taken)))
            assert set(taken) <= set(got)
            assert set(got.values()) == {1}
            report = await parts.verify(tenant, closely=True)
            assert report.findings == []
            invariants = Invariants()
            invariants.fold([each async for each in parts.store.events(tenant)])
            assert invariants.violations == []
            assert tenant not in await other.directory.tenants(after=UUID(int=0), limit=100)
        await cancel_and_wait(beside[0])
    print(f"seed {seed}: {rounds} moves and kills, {sum(map(len, said.values()))} messages")
