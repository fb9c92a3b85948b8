"""A deployment is made worse on purpose, while workers are busy and are killed: within a minute of the first bad rating everybody has the version before it, once."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from application.experiments.deployment import (
    CreateDeployment,
    StartDeployment,
    create_deployment,
    start_deployment,
)
from application.replay.decisions import ReplayDecisions, replay_decisions
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.experiments.deployment import Deployment
from domain.feedback.rating import Rating
from domain.flags.plan import Limit, Limits, Plan, Step
from tests.application.experiments.evaluated import evaluated
from tests.soak.clients import Clients, until
from tests.soak.deployment import Deployment as Running
from tests.soak.deployment import deployment
from tests.soak.kills import end

pytestmark = pytest.mark.soak

WITHIN = 60.0
GOOD = 24
"""Customers of the time in which both versions help alike."""

KILLS = 2
"""Of the worker, from the first bad rating on; it takes some seconds to come up again."""

PLAN = Plan(
    steps=(Step(percentage=50, hold_hours=24), Step(percentage=100)),
    window=5,
    limits=Limits(failure_rate=None, latency_ms=None, helpful_rate=Limit(worse=0.05)),
)


async def test_a_version_that_got_worse_is_taken_back_within_a_minute_under_load_and_kills(
    tmp_path: Path, seed: int
) -> None:
    async with deployment(tmp_path) as running:
        tenant, key = running.tenants[1]
        id = await _begin(running, tenant)
        clients = Clients(running)
        async with clients.load(3, seed, waits=(0,)):
            bad = await _until_bad(running, tenant, key, id, random.Random(seed))
        async with clients.client() as client:
            number = 0
            while (await _asked(client, key, f"afterwards {number}"))["variants"]:  # a second at most
                number += 1
            after = running.parts.clock()
        took = (after - bad).total_seconds()
        print(f"{took:.1f} s from the first bad rating to the version before it")
        assert took <= WITHIN
        events = [
            recorded.topic
            async for recorded in running.parts.store.events(
                tenant, topics=["deployment.rolled_back", "serving.closed"]
            )
        ]
        assert sorted(events) == ["deployment.rolled_back", "serving.closed"]
        replayed = await replay_decisions(ReplayDecisions(), tenant, store=running.parts.store)
        assert (replayed.verdicts, replayed.differing) == (1, 0)


async def _begin(running: Running, tenant: UUID) -> UUID:
    parts, variant = running.parts, Variant(configuration={"tone": "terse"})
    about = Context(tenant=tenant, actor="operator:test", correlation=parts.ids())
    evaluation = await evaluated(variant, about, store=parts.store, at=parts.clock())
    command = CreateDeployment(name="worse on purpose", evaluation=evaluation, plan=PLAN)
    created = await create_deployment(command, about, parts)
    await start_deployment(StartDeployment(deployment=created.deployment.id), about, parts)
    return created.deployment.id


async def _until_bad(running: Running, tenant: UUID, key: str, id: UUID, chance: random.Random) -> datetime:
    """New customers come, are answered, and rate; from some time on the candidate's answers help nobody. When that began."""
    parts, bad, count, over = running.parts, list[datetime](), 0, asyncio.Event()

    async def customers(client: httpx.AsyncClient) -> None:
        nonlocal count
        while not over.is_set():
            number, count = count, count + 1
            shown = await _asked(client, key, f"rater {number}")
            arm = shown["variants"][0]["arm"] if shown["variants"] else None
            helpful = arm != "candidate" or number < GOOD
            rating = Rating.begin(UUID(shown["id"]), UUID(shown["conversation"]), parts.clock())
            rating.rate(helpful, "api", parts.clock())
            about = Context(tenant=tenant, actor="key:test", correlation=parts.ids())
            await parts.store.save(rating, context=about)
            if not helpful:
                bad.append(parts.clock())

    async def kill() -> None:
        await until(lambda: bool(bad), 300)
        for _ in range(KILLS):
            with suppress(ProcessLookupError):  # it is coming up again
                await end(running, "worker")
            with suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(8, 14)):
                    await over.wait()
                    return

    async with asyncio.TaskGroup() as group, Clients(running).client() as client:
        tasks = [group.create_task(customers(client)) for _ in range(4)]
        tasks.append(group.create_task(kill()))
        async with asyncio.timeout(300):
            while (await parts.store.load(Deployment, id, tenant=tenant)).state.status == "running":
                await asyncio.sleep(0.2)
        over.set()
        await asyncio.wait(tasks)
    return bad[0]


async def _asked(client: httpx.AsyncClient, key: str, address: str) -> dict[str, Any]:
    customer = {"channel": "http", "address": address}
    body = {"customer": customer, "text": "When are you open?", "message_id": address, "wait": 30}
    headers = {"Authorization": f"Bearer {key}"}
    while True:  # roles come and go
        with suppress(httpx.HTTPError):
            reply = await client.post("/v1/messages", json=body, headers=headers)
            shown: dict[str, Any] = reply.json()
            if reply.status_code == 200:
                found = await client.get(f"/v1/interactions/{shown['id']}", headers=headers)
                shown = found.json()
                if found.status_code == 200 and shown["status"] == "answered":
                    return shown
            else:
                assert reply.status_code in (202, 503), reply.text
        await asyncio.sleep(0.2)
