from __future__ import annotations

import json

import pytest
import pytest_asyncio

from domain.base.errors import Ahead
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


@pytest.mark.parametrize("more", [(), ("--follow",)])
def test_whoever_goes_on_from_beyond_the_end_is_told(run: Run, tenant: str, more: tuple[str, ...]) -> None:
    found = run("events", "--tenant", tenant, "--since", "10000", *more)
    assert found.exit_code != 0
    assert isinstance(found.exception, Ahead)  # which `retrace` prints
    assert "before 10000: it was restored from a backup" in found.exception.detail


def test_each_event_names_its_cause(run: Run, tenant: str) -> None:
    found = run("events", "--tenant", tenant, "--json")
    events = [json.loads(line) for line in found.output.splitlines()]
    first = events[0]
    assert first["causation"] == first["correlation"]
    line = run("events", "--tenant", tenant).output
    assert f"{first['id']} of {first['causation']}" in " ".join(line.split())
    clouds = run("events", "--tenant", tenant, "--cloudevents").output
    assert json.loads(clouds.splitlines()[0])["event"] == first["id"]
