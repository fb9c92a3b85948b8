from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID, uuid4

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


@pytest.fixture(name="run")
def _run(run: Run) -> Run:
    return lambda *words: run("usage", *words)


def test_usage_is_told_for_people_and_for_programs(run: Run, tenant: UUID) -> None:
    (used,) = json.loads(run("--tenant", str(tenant), "--json").output)
    assert (used["provider"], used["model"], used["calls"]) == ("p", "m-1", 3)
    assert Decimal(used["cost"]) == Decimal("0.00375")
    (month,) = json.loads(run("--tenant", str(tenant), "--by", "month", "--per", "tenant", "--json").output)
    assert (month["model"], month["calls"], month["since"][-2:]) == (None, 3, "01")
    shown = run("--tenant", str(tenant)).output
    assert "m-1" in shown
    assert "$0.00375" in shown
    assert json.loads(run("--tenant", str(tenant), "--until", "2020-01-31", "--json").output) == []


def test_bad_questions_are_refused(run: Run, tenant: UUID) -> None:
    assert isinstance(run("--tenant", str(uuid4())).exception, NotFound)
    assert isinstance(run("--tenant", str(tenant), "--since", "2999-01-01").exception, Invalid)
    assert run("--tenant", str(tenant), "--since", "yesterday").exit_code == 2
    assert run("--tenant", str(tenant), "--by", "week").exit_code == 2
