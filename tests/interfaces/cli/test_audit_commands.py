from __future__ import annotations

import json

import psycopg
import pytest_asyncio

from tests.application.tills import Till
from tests.infra.log.parts import log_on
from tests.interfaces.conftest import Run


@pytest_asyncio.fixture(name="tenant")
async def _tenant(database_url: str) -> str:
    """With a conversation, which its log begins with."""
    async with log_on(database_url) as log:
        till = Till(log)
        await till.begin()
    return str(till.tenant)


def test_a_clean_log_is_said_to_be_so(run: Run, tenant: str) -> None:
    assert run("audit", "checkpoint", "--tenant", tenant).exit_code == 0
    for words in ((), ("--closely",)):
        found = run("audit", "verify", "--tenant", tenant, *words)
        assert (found.exit_code, "clean" in found.output) == (0, True), found.output


def test_what_was_changed_is_named(run: Run, tenant: str, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as superuser:
        change = "UPDATE retrace.events SET actor = 'key:somebody-else' WHERE tenant = %s AND seq = 1"
        superuser.execute(change, [tenant])
    found = run("audit", "verify", "--tenant", tenant, "--json")
    assert found.exit_code == 1
    ((report,),) = (json.loads(found.output),)
    assert [(each["seq"], each["fault"]) for each in report["findings"]] == [(1, "context changed")]
    refused = run("audit", "checkpoint", "--tenant", tenant)
    assert refused.exit_code != 0
    assert "event 1 " in str(refused.exception)


def test_only_closely_it_is_seen_that_an_event_opens_no_more(
    run: Run, tenant: str, database_url: str
) -> None:
    assert run("audit", "checkpoint", "--tenant", tenant).exit_code == 0
    with psycopg.connect(database_url, autocommit=True) as superuser:
        stream = "SELECT stream FROM retrace.events WHERE tenant = %s AND seq = 1"
        lose = f"DELETE FROM retrace.subject_keys WHERE tenant = %s AND subject = ({stream})"
        assert superuser.execute(lose.encode(), [tenant, tenant]).rowcount == 1
    assert run("audit", "verify", "--tenant", tenant).exit_code == 0
    closely = run("audit", "verify", "--tenant", tenant, "--closely")
    assert (closely.exit_code, "forged" in closely.output) == (1, True), closely.output
