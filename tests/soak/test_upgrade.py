"""New roles beside old ones, during traffic: an earlier state of the project, out of its history, is upgraded while customers write to it. No request fails, no event is lost.

The order is that of docs/upgrading.md: the new version migrates while the old roles run, new roles start beside them, the old ones end.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx
import psycopg
import pytest

from domain.conversations.conversation import Conversation
from domain.tenancy.rate_limits import LIMITS
from infra.embedded import Servers
from infra.schema.migrate import SCHEMA
from tests.dated import CLOCK
from tests.infra.log.parts import MASTER
from tests.infra.moving.places import brought_up, log_of, place, proved
from tests.soak.crew import Crew
from tests.soak.earlier import ROOT, before, tree_of

pytestmark = pytest.mark.soak
WRITERS, EACH = 3, 8
"""Customers at once; messages that each gets answered in each step."""

RELEASED = "300_chunks_came_at.sql"
"""From here on there is a way to the next state (docs/upgrading.md)."""

LATER = [file.name for file in sorted(SCHEMA.glob("*.sql")) if file.name > RELEASED]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With a share of the tier the way that is longest: all files at once."""
    files = LATER if metafunc.config.getoption("--share") == 1 else LATER[:1]
    metafunc.parametrize("file", files)


@pytest.fixture(name="url")
def _url(servers: Servers, template: str) -> Iterator[str]:
    """A database that nobody has migrated yet; the template is there for its roles."""
    name, admin = f"upgraded_{os.getpid()}", servers.database_url.replace("/retrace?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield servers.database_url.replace("/retrace?", f"/{name}?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class Traffic:
    """Customers who write, each one message after the other, to the deployments that are in `served`, in turn. Any answer but a good one ends it."""

    key: str
    served: list[str]
    answered: dict[str, str] = field(default_factory=dict)
    under_way: dict[str, int] = field(default_factory=dict)
    """By address: requests that are not answered yet."""

    over: bool = False

    async def write(self, customer: int) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(headers=headers, timeout=90, trust_env=False) as client:
            for count in itertools.count():
                if self.over:
                    return
                url = self.served[(customer + count) % len(self.served)]
                id = f"{customer}-{count}"
                body = {
                    "customer": {"channel": "http", "address": f"customer {customer}"},
                    "text": "When are you open?",
                    "message_id": id,
                    "wait": 60,
                }
                self.under_way[url] = self.under_way.get(url, 0) + 1
                got = await client.post(f"{url}/v1/messages", json=body)
                self.under_way[url] -= 1
                assert got.status_code == 200, (id, url, got.status_code, got.text)
                self.answered[id] = got.json()["id"]

    async def pass_by(self, count: int, *crews: Crew) -> None:
        """Until so many more were answered."""
        until = len(self.answered) + count
        async with asyncio.timeout(240):
            while len(self.answered) < until:
                for crew in crews:
                    assert crew.alive(), crew.last_words()
                await asyncio.sleep(0.02)

    async def leave(self, url: str) -> None:
        """As a load balancer does: nothing new goes there, what is under way is waited for."""
        self.served.remove(url)
        async with asyncio.timeout(120):
            while self.under_way.get(url, 0):
                await asyncio.sleep(0.02)


async def test_new_roles_run_beside_old_ones_and_nothing_is_lost(
    file: str, url: str, servers: Servers, tmp_path: Path
) -> None:
    if (commit := before(file)) is None:
        pytest.skip(
            "this clone has no history; tests/infra/test_upgrades.py opens a kept database of that schema"
        )
    environment = {
        "PATH": os.environ["PATH"],
        **CLOCK,
        "DATABASE_URL": url,
        "REDIS_URL": servers.redis_url or "",
        "RETRACE_MASTER_KEY": base64.b64encode(MASTER).decode(),
        "RETRACE_DATA": str(tmp_path / "data"),
        **{f"RETRACE_RATE_{name.upper()}": "0" for name in LIMITS},
    }
    with tree_of(commit) as tree:
        old = Crew(tree, environment, tmp_path / "old")
        new = Crew(ROOT, environment, tmp_path / "new")
        try:
            old.run("migrate")
            made = json.loads(old.run("tenant", "create", "Shop", "--json"))
            await old.start()
            said = await upgraded(Traffic(made["key"], [old.url]), old, new, url)
        finally:
            old.kill()
            new.kill()
    async with place(url, tmp_path / "data", MASTER, "here") as here:
        tenant = UUID(made["tenant"])
        await brought_up(here)  # the roles may have ended before all new read models stood
        assert await proved(here, tenant) > 0
        events = await log_of(here, tenant)
        received = [
            each.event.message for each in events if isinstance(each.event, Conversation.MessageReceived)
        ]
        assert sorted(received) == sorted(said)
        answers = {
            str(each.event.interaction) for each in events if isinstance(each.event, Conversation.Answered)
        }
        assert answers >= set(said.values())


async def upgraded(traffic: Traffic, old: Crew, new: Crew, url: str) -> dict[str, str]:
    """What was answered meanwhile, by the message."""
    step = WRITERS * EACH
    async with asyncio.TaskGroup() as group:
        for customer in range(WRITERS):
            group.create_task(traffic.write(customer))
        await traffic.pass_by(step, old)
        await asyncio.to_thread(new.run, "migrate")
        with psycopg.connect(url) as superuser:
            done = superuser.execute("SELECT name FROM public.retrace_migrations").fetchall()
        assert {name for (name,) in done} == {each.name for each in SCHEMA.glob("*.sql")}
        await traffic.pass_by(step, old)
        await new.start()
        traffic.served.append(new.url)
        await traffic.pass_by(step, old, new)
        await traffic.leave(old.url)
        await old.stop()
        await traffic.pass_by(step, new)
        traffic.over = True
    return traffic.answered
