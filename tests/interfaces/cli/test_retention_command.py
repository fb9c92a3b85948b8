from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.errors import NotFound
from tests.infra.log.parts import log_on, now
from tests.interfaces.conftest import Run


@pytest_asyncio.fixture(scope="module", name="tenant")
async def _tenant(database_url: str) -> UUID:
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
    return made.tenant


@pytest.fixture(name="run")
def _run(run: Run) -> Run:
    return lambda *words: run("retention", *words)


def test_days_are_shown_set_and_taken_back(run: Run, tenant: UUID) -> None:
    of = ("--tenant", str(tenant))
    assert "for ever" in run(*of).output
    assert "30 days" in run(*of, "--days", "30").output
    assert json.loads(run(*of, "--json").output) == {"tenant": str(tenant), "days": 30}
    assert "for ever" in run(*of, "--off").output


def test_what_makes_no_sense_is_refused(run: Run, tenant: UUID) -> None:
    of = ("--tenant", str(tenant))
    assert run(*of, "--days", "0").exit_code == 2
    assert run(*of, "--days", "30", "--off").exit_code == 2
    assert isinstance(run("--tenant", str(uuid4()), "--days", "30").exception, NotFound)
