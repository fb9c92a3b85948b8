from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from domain.base.context import Context
from domain.base.errors import Ahead
from domain.channels.channels import Channels
from domain.channels.twilio import TwilioAccount
from tests.application.tills import Till
from tests.infra.log.parts import log_on
from tests.interfaces.conftest import Run

TOKEN, NEXT = b"token-0123456789-canary", b"next-9876543210-canary"


@pytest_asyncio.fixture(name="tenant")
async def _tenant(database_url: str) -> str:
    """With a conversation, which its log begins with."""
    async with log_on(database_url) as log:
        till = Till(log)
        await till.begin()
    return str(till.tenant)


@pytest_asyncio.fixture(name="channels")
async def _channels(database_url: str, tenant: str) -> str:
    """Its channels, one of whose accounts has two tokens."""
    now = datetime.now(UTC)
    channels = Channels.begin(UUID(tenant), now)
    account = TwilioAccount(account="AC" + "1" * 32, token=TOKEN, next_token=NEXT, set_at=now)
    channels.set_twilio(account, now)
    async with log_on(database_url) as log:
        await log.store.save(
            channels, context=Context(tenant=UUID(tenant), actor="test", correlation=uuid4())
        )
    return f"channels/{channels.id}"


def test_nothing_that_is_printed_holds_a_token(run: Run, tenant: str, channels: str) -> None:
    of = ("--tenant", tenant)
    for words in (
        ("events", *of, "--json"),
        ("events", *of, "--cloudevents"),
        ("show", channels, *of, "--json"),
        ("show", channels, *of),
        ("diff", channels, "1", "2", *of, "--json"),
    ):
        found = run(*words)
        assert found.exit_code == 0, found.output
        assert found.output.count("(not shown)") == 2, words
        for token in (TOKEN, NEXT):
            assert token.decode() not in found.output
            assert b64encode(token).decode() not in found.output


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
