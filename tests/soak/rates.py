"""How fast a deployment is, and whether it is so again after a fault."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from interfaces.supervisor import ROLES
from projections import PROJECTIONS
from tests.soak.clients import Clients
from tests.soak.deployment import Deployment
from tests.soak.proofs import quiet, verify

MESSAGES = 200
FEWEST = 60
CLIENTS = 8
FULL = 0.5
"""Part of its former rate that counts as full: other processes share the machine."""
_numbers = itertools.count(1)


class Rates(NamedTuple):
    """Messages per second."""

    taken: float
    answered: float
    projected: float


async def rates(deployed: Deployment, clients: Clients, messages: int) -> Rates:
    """Of a burst of messages, each to a new customer."""
    burst = next(_numbers)
    began = time.monotonic()
    await clients.send_all((f"burst-{burst}-{n}" for n in range(messages)), CLIENTS)
    taken = time.monotonic()
    await settled(deployed, "SELECT FROM work WHERE kind = 'answer' LIMIT 1")
    answered = time.monotonic()
    behind = (
        "SELECT FROM heads h CROSS JOIN unnest(%s::text[]) AS p "
        "LEFT JOIN cursors c ON c.tenant = h.tenant AND c.projection = p WHERE coalesce(c.seq, 0) < h.seq LIMIT 1"
    )
    await settled(deployed, behind, [p.name for p in PROJECTIONS])
    ends = (taken, answered, time.monotonic())
    return Rates(*(messages / (end - began) for end in ends))


async def settled(deployed: Deployment, query: str, *values: object) -> None:
    """Until the query finds nothing."""
    async with asyncio.timeout(120):
        while True:
            async with deployed.parts.system.system() as connection:
                if await (await connection.execute(query.encode(), values)).fetchone() is None:
                    return
            await asyncio.sleep(0.02)


async def recovers(
    deployed: Deployment, name: str, fault: Callable[[Clients], Awaitable[None]], share: float
) -> None:
    """The rates before the fault; the fault, under load; the rates after it. Then the log, and what was made of it."""
    clients, messages = Clients(deployed), max(FEWEST, round(MESSAGES * share))
    pids = {role: deployed.running.pid_of(role) for role in ROLES}
    await rates(deployed, clients, messages)  # what is loaded at the first use is loaded now
    before = await rates(deployed, clients, messages)
    waits = (0, 0, 10) if share == 1 else (0,)  # a part of the run has no half minute to spare
    async with clients.load(CLIENTS, f"{name} {next(_numbers)}", waits):
        await clients.more(5)
        await fault(clients)
        await clients.more(20)
    await quiet(deployed.parts)
    after = await rates(deployed, clients, messages)
    async with asyncio.timeout(180):  # others may have had the machine for a moment
        while min(now / then for now, then in zip(after, before, strict=True)) < FULL:
            print(f"{name}: {before} before, {after} after: again")
            after = await rates(deployed, clients, messages)
    ratios = ", ".join(f"{now / then:.2f}" for now, then in zip(after, before, strict=True))
    print(
        f"{name}: {before} before, {after} after ({ratios}); no answer: {clients.lost}, 503: {clients.refusals}"
    )
    assert {role: deployed.running.pid_of(role) for role in ROLES} == pids
    await quiet(deployed.parts)
    await verify(deployed, clients.acknowledged)
