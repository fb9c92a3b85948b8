from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio

from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.errors import Invalid, NotFound
from tests.infra.log.parts import log_on, now
from tests.infra.projections.parts import projecting, talk
from tests.interfaces.conftest import Run


@pytest_asyncio.fixture(scope="module", name="tenant")
async def _tenant(database_url: str) -> UUID:
    """One that has asked three times."""
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
        await talk(log, made.tenant, 3)
        async with projecting(log) as projector:
            await projector.catch_up()
    return made.tenant


@pytest.fixture(name="usage")
def _usage(run: Run) -> Run:
    return lambda *words: run("usage", *words)


def test_usage_is_told_for_people_and_for_programs(usage: Run, tenant: UUID) -> None:
    (used,) = json.loads(usage("--tenant", str(tenant), "--json").output)
    assert (used["provider"], used["model"], used["calls"]) == ("p", "m-1", 3)
    assert Decimal(used["cost"]) == Decimal("0.00375")
    (month,) = json.loads(usage("--tenant", str(tenant), "--by", "month", "--per", "tenant", "--json").output)
    assert (month["model"], month["calls"], month["since"][-2:]) == (None, 3, "01")
    shown = usage("--tenant", str(tenant)).output
    assert "m-1" in shown
    assert "$0.00375" in shown
    assert json.loads(usage("--tenant", str(tenant), "--until", "2020-01-31", "--json").output) == []


def test_bad_questions_are_refused(usage: Run, tenant: UUID) -> None:
    assert isinstance(usage("--tenant", str(uuid4())).exception, NotFound)
    assert isinstance(usage("--tenant", str(tenant), "--since", "2999-01-01").exception, Invalid)
    assert usage("--tenant", str(tenant), "--since", "yesterday").exit_code == 2
    assert usage("--tenant", str(tenant), "--by", "week").exit_code == 2


def test_figures_that_differ_from_the_events_are_named(run: Run, tenant: UUID, database_url: str) -> None:
    told = json.loads(run("reconcile", "--tenant", str(tenant), "--json").output)
    assert (told["differing"], told["figures"] > 100) == (0, True)
    assert {each["position"] for each in told["read_models"]} != {0}
    assert isinstance(run("reconcile", "--tenant", str(uuid4())).exception, NotFound)
    assert run("reconcile", "--tenant", "nobody").exit_code == 2
    with psycopg.connect(database_url, autocommit=True) as superuser:
        values = [tenant]
        superuser.execute("UPDATE retrace.costs SET cost = cost + 0.001 WHERE tenant = %s", values)
        superuser.execute("DELETE FROM retrace.answer_figures WHERE tenant = %s AND grain = 60", values)
    assert "up to position" not in run("reconcile", "--tenant", str(tenant)).output
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace.cursors WHERE tenant = %s AND projection = 'drift'", [tenant])
    wrong = run("reconcile")
    assert "up to position 0 of" in wrong.output
    assert wrong.exit_code == 1
    for word in ("costs", "0.00475", "0.00375", "grain=60", "answers"):
        assert word in wrong.output
