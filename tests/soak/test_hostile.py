"""An hour of seeded hostile clients against a busy deployment: they get nothing of another tenant's, break nothing, and starve nobody.

A part of it is told in seconds (CI: --seconds 60, about two minutes and a half in all). The same --seed has the clients do the same.
"""

from __future__ import annotations

import asyncio
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from decimal import Decimal
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import httpx
import psutil
import pytest

from interfaces.supervisor import ROLES
from tests.soak.deployment import Deployment, deployment
from tests.soak.hostile.crowd import attack
from tests.soak.hostile.honest import Asked, Crowd
from tests.soak.hostile.received import Verdict
from tests.soak.hostile.world import LIMIT, World, peopled

pytestmark = pytest.mark.soak
WHOLE = 3600.0
TIGHT = {"max_connections": 400, "max_streams_per_key": 50}
"""Bounds that these clients come to."""
ALONE = 10.0
"""Seconds for which the honest tenants are alone, before."""
AFTER = 10.0
FULL = 0.5
"""Part of the former rate that counts as full, from a second after the attackers have stopped: other processes share the machine."""
ANSWERED = 0.5
"""Part of the questions that are answered while they are there, by far fewer processors than there are attackers. A floor, no aim."""


async def test_hostile_clients_get_nothing_break_nothing_and_starve_nobody(
    seed: int, share: float, pytestconfig: pytest.Config
) -> None:
    seconds = pytestconfig.getoption("--seconds") or WHOLE * share
    with tempfile.TemporaryDirectory(prefix="retrace-hostile-") as folder:
        async with deployment(Path(folder), **TIGHT) as deployed:
            said = [*deployed.said]
            pids = {role: deployed.running.pid_of(role) for role in ROLES}
            world = await peopled(deployed, seed)
            crowd = Crowd(world, seed)
            await crowd.ask(3)  # to warm up
            alone = await crowd.ask(ALONE)
            idle = memory(deployed)
            loop = asyncio.get_running_loop()
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                attacked = loop.run_in_executor(pool, partial(attack, world, seed, seconds))
                asking = asyncio.create_task(crowd.ask(seconds))
                peak = await highest(deployed, attacked)
                verdict = await attacked
            await asyncio.sleep(1)
            after = await crowd.ask(AFTER)
            beside = await asking
            tell(alone, beside, after, verdict)
            print(f"HTTP role: {idle:.0f} MB before, {peak:.0f} MB at most; again: --seed {seed}")
            await judge(deployed, world, verdict, alone, beside, after)
            assert {role: deployed.running.pid_of(role) for role in ROLES} == pids
            assert deployed.said == said


def tell(alone: Asked, beside: Asked, after: Asked, verdict: Verdict) -> None:
    for name, asked in (("alone", alone), ("beside", beside), ("after", after)):
        print(f"{name}: {asked}")
    print(f"{verdict.requests} hostile requests, {verdict.searched} bytes searched")
    for kind, statuses in verdict.statuses.items():
        print(f"    {kind}: {dict(statuses.most_common())}")


async def judge(
    deployed: Deployment, world: World, verdict: Verdict, alone: Asked, beside: Asked, after: Asked
) -> None:
    assert told_in_logs(deployed.running.plan.data, world) == []
    assert verdict.faults == [], f"and {verdict.more} more"
    assert all(counts.total() for counts in verdict.statuses.values()), "a kind of client came to nothing"
    assert alone.faults + beside.faults + after.faults == []
    assert alone.others.total() == 0, alone
    assert len(beside.times) >= ANSWERED * beside.count, beside
    assert after.others.total() == 0, after
    assert after.rate >= FULL * alone.rate, after
    async with httpx.AsyncClient(base_url=world.url, timeout=30, trust_env=False) as http:
        told = (await http.get("/metrics")).text
        own = {"Authorization": f"Bearer {world.bounded}"}
        spent = (await http.get("/v1/budgets", headers=own)).json()["day"]["spent"]
    assert broken(told) == []
    assert Decimal(spent) <= Decimal(LIMIT)


def told_in_logs(folder: Path, world: World) -> list[str]:
    """Lines of the roles' logs that must not be: what failed by our own fault, and words that are a tenant's."""
    found = []
    for log in folder.rglob("*.log*"):
        for line in log.read_text(errors="replace").splitlines():
            if (
                any(word.decode() in line for word in world.canaries)
                or "Traceback" in line
                or '"level": "ERROR"' in line
            ):
                found.append(f"{log.name}: {line[:4000]}")
    return found


def broken(told: str) -> list[str]:
    """Lines of the metrics that count responses which are our own fault, those that nobody has waited for too."""
    lines = [line for line in told.splitlines() if line.startswith("retrace_http_requests_total{")]
    assert lines
    return [line for line in lines if 'status="5' in line and 'status="503"' not in line]


def memory(deployed: Deployment) -> float:
    """MB of the HTTP role with its children."""
    process, total = psutil.Process(deployed.running.pid_of("serve")), 0
    for each in (process, *process.children(True)):
        with suppress(psutil.NoSuchProcess):  # a child that has just ended
            total += each.memory_full_info().uss
    return total / 1024**2


async def highest(deployed: Deployment, until: asyncio.Future[Verdict]) -> float:
    most = memory(deployed)
    while not until.done():
        await asyncio.wait((until,), timeout=1)
        most = max(most, memory(deployed))
    return most
