from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from application.experiments.deployment import CreateDeployment, create_deployment
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.experiments.deployment import Deployment
from domain.experiments.version import Versions
from domain.flags.rollout import RULE, Finding, Judgement
from infra.providers.catalogue import load_catalogue
from tests.application.experiments.evaluated import evaluated
from tests.infra.log.parts import Log, context, log_on, now
from tests.interfaces.conftest import Run

WORSE = Finding(metric="helpful_rate", value=0.1, bound=0.76, answers=40, other=0.8, others=40)


async def create(log: Log, about: Context, tone: str) -> UUID:
    variant = Variant(configuration={"tone": tone})
    evaluation = await evaluated(variant, about, store=log.store, at=now())
    providers = SimpleNamespace(catalogue=load_catalogue())
    ports: Any = SimpleNamespace(store=log.store, clock=now, ids=uuid4, providers=providers)
    created = await create_deployment(CreateDeployment(name=tone, evaluation=evaluation), about, ports)
    return created.deployment.id


BASE = Versions(agent=1, routing=0, prompts=0, digest="as it was")
Made = tuple[UUID, UUID, UUID, UUID]


@pytest_asyncio.fixture(scope="module", name="made")
async def _made(database_url: str) -> Made:
    """A tenant with three deployments; the last one was rolled back for what no customer in the log bears out."""
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
        about = context(made.tenant)
        first, second, third = [await create(log, about, each) for each in ("terse", "warm", "odd")]
        odd = await log.store.load(Deployment, third, tenant=made.tenant)
        odd.start_rollout(BASE, now())
        odd.observe(0, BASE, Judgement(rule=RULE, position=1, until=now(), finding=WORSE), now())
        await log.store.save(odd, context=about)
        return made.tenant, first, second, third


@pytest.fixture(name="on")
def _on(run: Run, made: Made) -> Run:
    return lambda *words: run(*words[:2], "--tenant", str(made[0]), *words[2:])


def test_a_deployment_is_begun_rolled_back_and_stopped(on: Run, made: Made) -> None:
    _, first, second, _ = made
    begun = on("deployments", "start", str(first))
    assert begun.exit_code == 0, begun.output
    assert "status running, percentage 10" in begun.output
    other = on("deployments", "start", str(second))
    assert other.exit_code == 1
    assert "is under way" in str(other.exception)
    back = on("deployments", "rollback", str(first), "--reason", "complaints")
    assert "status rolled back, reason complaints" in back.output
    assert on("deployments", "rollback", "--reason", "why").exit_code == 1
    assert on("deployments", "rollback", str(first), "--to", "1", "--reason", "why").exit_code == 2
    assert "number" in on("deployments", "releases").output
    assert json.loads(on("deployments", "releases", "--json").output) == []
    assert on("deployments", "shadow", str(second)).exit_code == 1
    assert on("deployments", "confirm", str(second)).exit_code == 1
    assert on("deployments", "stop", str(second), "--reason", "later").exit_code == 0
    assert on("deployments", "list").exit_code == 0


def test_a_verdict_that_comes_out_otherwise_is_printed_and_ends_with_1(on: Run, made: Made) -> None:
    found = on("replay", "decisions", "--json")
    assert found.exit_code == 1
    shown = json.loads(found.stdout)
    assert (shown["verdicts"], shown["differing"]) == (1, 1)
    (row,) = shown["rows"]
    assert (row["stream"], row["again"]) == (f"deployment/{made[3]}", None)
    assert row["recorded"]["kind"] == "deployment.rolled_back"
    assert "no verdict" in on("replay", "decisions", "--deployment", str(made[3])).output
    mine = on("replay", "decisions", "--deployment", str(made[1]))
    assert (mine.exit_code, "0 verdicts taken again, 0 differ" in mine.output) == (0, True)
