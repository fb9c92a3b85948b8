from __future__ import annotations

import json
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio

from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.errors import NotFound, Refused
from tests.infra.log.parts import context, log_on, now
from tests.infra.projections.parts import Poisoned, begun, exchange, projecting
from tests.interfaces.conftest import Run


@pytest_asyncio.fixture(scope="module", name="tenant")
async def _tenant(database_url: str) -> UUID:
    """With three answers, of which `costs` could not apply the second."""
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
        conversation = begun()
        for latency in (1.0, 666.0, 1.0):
            exchange(conversation, latency)
        await log.store.save(conversation, context=context(made.tenant))
        async with projecting(log, (Poisoned(),)) as projector:
            await projector.catch_up()
        async with projecting(log) as projector:
            await projector.catch_up()
    return made.tenant


@pytest.fixture(name="run")
def _run(run: Run) -> Run:
    return lambda *words: run("projections", *words)


def test_a_rebuild_is_compared_listed_switched_and_dropped(run: Run, tenant: UUID, database_url: str) -> None:
    assert run("rebuild", "transcript", "--compare").exit_code == 0
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("UPDATE retrace.conversations SET messages = 99")
    compared = run("rebuild", "transcript", "--compare")
    assert compared.exit_code == 1
    assert "1 of 4 rows differ (1 tenants)" in compared.output
    assert str(tenant) in compared.output
    assert "conversations" in compared.output

    listed = json.loads(run("list", "--json").output)
    states = {(item["projection"], item["state"]): item for item in listed}
    assert states["transcript", "ready"]["behind"] == 0
    assert states["transcript", "live"]["tenant"] == str(tenant)
    assert "ready" in run("list").output

    assert "switched in" in run("switch", "transcript").output
    assert run("rebuild", "transcript", "--compare").exit_code == 0
    assert "switched in" in run("switch", "transcript", "--back").output
    assert run("drop", "transcript").exit_code == 0
    assert isinstance(run("switch", "transcript").exception, NotFound)


def test_a_copy_of_the_past_is_compared_with_nothing(run: Run, tenant: UUID) -> None:
    shown = run("rebuild", "documents", "--tenant", str(tenant), "--to", "3", "--compare")
    assert shown.exit_code == 0
    assert "It is compared with nothing" in shown.output
    assert isinstance(run("switch", "documents").exception, Refused)


def test_a_parked_event_is_retried_or_skipped_for_good(run: Run, tenant: UUID, database_url: str) -> None:
    def parked() -> int:
        listed = json.loads(run("list", "--json", "--tenant", str(tenant)).output)
        return next(x["parked"] for x in listed if (x["projection"], x["state"]) == ("costs", "live"))

    assert parked() == 1
    (costs,) = [
        x
        for x in json.loads(run("list", "--json", "--tenant", str(tenant)).output)
        if (x["projection"], x["state"]) == ("costs", "live")
    ]
    (event,) = costs["parked_events"]
    assert (event["kind"], event["error"]) == ("conversation.metered", "ValueError")
    shown = run("list", "--tenant", str(tenant)).output
    assert "conversation.metered" in shown
    assert "ValueError" in shown
    assert "a text that may be personal" not in shown
    done = run("retry", "costs", "--tenant", str(tenant))
    assert "applied: " in done.output
    position = done.output.split("applied: ")[1].split()[0]
    assert parked() == 0

    with psycopg.connect(database_url, autocommit=True) as superuser:
        values = [tenant, int(position)]
        superuser.execute("INSERT INTO retrace.parked VALUES (%s, 'costs', 1, %s, 'x', 'ValueError')", values)
    assert parked() == 1
    skipped = run("skip", "costs", "--tenant", str(tenant), position, "--reason", "twice")
    assert "skipped; on record at position" in skipped.output
    assert parked() == 0
    again = run("skip", "costs", "--tenant", str(tenant), position, "--reason", "twice")
    assert isinstance(again.exception, NotFound)
    assert run("skip", "costs", "--tenant", str(tenant), position).exit_code == 2
