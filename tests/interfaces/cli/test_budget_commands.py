from __future__ import annotations

import json
from decimal import Decimal

import psycopg
import pytest_asyncio

from tests.application.tills import Till
from tests.infra.log.parts import log_on
from tests.interfaces.conftest import Run


@pytest_asyncio.fixture(scope="module", name="tenant")
async def _tenant(database_url: str) -> str:
    """Of 10 USD a day it has spent 4 and reserved 1."""
    async with log_on(database_url) as log:
        till = Till(log)
        await till.limit(day=10)
        await till.call(await till.begin(), 5, 4)
        await till.reserve(1)
    return str(till.tenant)


def test_a_budget_is_shown(run: Run, tenant: str) -> None:
    day, month = json.loads(run("budget", "show", "--tenant", tenant, "--json").output)
    assert (day["limit"], day["spent"], day["reserved"]) == ("10", "4", "1")
    assert (month["limit"], month["spent"]) == (None, "4")
    assert "remaining" in run("budget", "show", "--tenant", tenant).output


def test_tallies_that_are_not_the_logs_sums_are_found_and_mended(
    run: Run, tenant: str, database_url: str
) -> None:
    assert run("invariants", "--tenant", tenant).exit_code == 0
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("UPDATE retrace.tally SET value = value - 2e12 WHERE key LIKE 'day:%'")
    broken = run("invariants", "--tenant", tenant, "--json")
    (violation,) = json.loads(broken.output)["violations"]
    assert (broken.exit_code, violation["invariant"]) == (
        1,
        "the tallies of spending are the sums of the log",
    )
    assert "is 3 USD; by the log it is 2 more" in violation["text"]
    ((key, change),) = json.loads(run("budget", "mend", "--tenant", tenant, "--json").output).items()
    assert (key.partition(":")[0], Decimal(change)) == ("day", 2)
    assert "are the sums" in run("budget", "mend", "--tenant", tenant).output
    assert run("invariants", "--tenant", tenant).exit_code == 0
