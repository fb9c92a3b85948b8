from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from click.testing import CliRunner, Result

from application.tenant import CreateTenant, create_tenant
from domain.errors import NotFound
from interfaces.cli import cli
from tests.infra.log.parts import MASTER, log_on, now

Run = Callable[..., Result]


@pytest_asyncio.fixture(scope="module", name="tenant")
async def _tenant(database_url: str) -> UUID:
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
    return made.tenant


@pytest.fixture(name="run")
def _run(database_url: str, tmp_path: Path) -> Run:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": None,
        "RETRACE_MASTER_KEY": base64.b64encode(MASTER).decode(),
        "RETRACE_DATA": str(tmp_path),
    }

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli, ("retention", *words), env=environment)

    return run


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
