"""`retrace doctor`: it sees what the roles use, tells what is wrong and what to do, and makes nothing."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from click.testing import CliRunner
from redis import Redis

from application.tenancy.tenant import CreateTenant, create_tenant
from infra.embedded import Servers
from infra.postgres.cell import Cell
from infra.providers.access import ProviderAccess
from infra.providers.catalogue import load_catalogue
from infra.schema.migrate import migrate
from infra.settings import Secret, Settings
from interfaces.cli import cli
from interfaces.doctor.catalogue import of_catalogue
from interfaces.doctor.check import Check
from interfaces.doctor.examine import examine
from interfaces.processes.noting import NAME
from interfaces.running import running_in
from interfaces.supervisor import tree
from tests.dated import SHIPPED
from tests.doubles.wire import Reply, Wire, serving
from tests.infra.log.parts import MASTER, log_on, now
from tests.interfaces.roles import stand_in
from tests.ports import free_port

OTHER = Secret(base64.b64encode(b"another key of thirty-two bytes!").decode())


@pytest.fixture
def settings(database_url: str, servers: Servers, tmp_path: Path) -> Settings:
    return Settings(
        database_url=Secret(database_url),
        redis_url=Secret(str(servers.redis_url)),
        data=tmp_path / "data",
        master_key=Secret(base64.b64encode(MASTER).decode()),
        port=free_port(),
    )


async def checks(settings: Settings) -> dict[str, Check]:
    return {check.check: check async for check in examine(settings)}


def test_where_nothing_runs_it_says_so_and_makes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    environment = {"DATABASE_URL": None, "REDIS_URL": None, "RETRACE_PORT": str(free_port())}
    done = CliRunner().invoke(cli, ["doctor", "--data", str(folder)], env=environment)
    assert done.exit_code == 1
    assert "start it with `retrace up`" in done.output
    assert "master key: there is none" in done.output
    assert list(tmp_path.iterdir()) == []
    shown = CliRunner().invoke(cli, ["doctor", "--data", str(folder), "--json"], env=environment)
    assert {check["check"] for check in json.loads(shown.output)} == {
        "roles", "master key", "Redis", "disk", "catalogue", "metrics", "collector",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("day", "told", "silent"),
    [
        ((2026, 11, 28), "openai/gpt-4o is retired on 2027-01-14: use openai/gpt-6-luna", "days old"),
        ((2028, 6, 1), "it is 551 days old", "is retired on"),
    ],
)
def test_the_catalogue_tells_what_is_retired_soon_and_its_age(
    day: tuple[int, int, int], told: str, silent: str
) -> None:
    check = of_catalogue(load_catalogue(SHIPPED), datetime(*day, tzinfo=UTC))
    assert check.ok
    assert told in check.detail
    assert silent not in check.detail
    assert "`retrace models import FILE`" in check.detail or day[0] == 2026


async def test_a_healthy_database_is_told_as_such(settings: Settings) -> None:
    async with log_on(str(settings.database_url)) as log:
        await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
    with psycopg.connect(str(settings.database_url), autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace.work")
    with Redis.from_url(str(settings.redis_url)) as redis:
        redis.flushdb()  # of what other tests have seen of providers
    found = await checks(settings)
    wrong = {name: check.detail for name, check in found.items() if not check.ok}
    assert wrong.keys() <= {"roles", "disk"}  # no HTTP role runs, and the machine's disk is its own matter
    assert "set RETRACE_HOST and RETRACE_PORT" in found["roles"].detail
    assert found["tenants' keys"].detail.startswith("all ")
    assert found["schema"].detail == "up to date"
    assert not settings.data.exists()


async def test_each_fault_is_told_with_the_way_out(settings: Settings) -> None:
    url = str(settings.database_url)
    async with log_on(url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(
            "INSERT INTO retrace.parked VALUES (%s, 'costs', 1, 3, 'conversation.metered', 'ValueError')",
            [made.tenant],
        )
        superuser.execute(
            "INSERT INTO retrace.work (tenant, kind, key, due_at, wake_at, parked_at) "
            "VALUES (%s, 'answer', 'x', now(), now(), now()), (%s, 'erase', 'y', now(), now() - interval '1 hour', NULL)",
            [made.tenant, made.tenant],
        )
        superuser.execute(
            "UPDATE public.retrace_migrations SET digest = digest || 'x' WHERE name LIKE '080%'"
        )
        assert "another version of Retrace" in (await checks(settings))["schema"].detail
        superuser.execute("UPDATE public.retrace_migrations SET digest = rtrim(digest, 'x')")
        others = msgspec.structs.replace(settings, master_key=OTHER)
        assert "same RETRACE_MASTER_KEY" in (await checks(others))["logins"].detail
        await migrate(Cell(url, others.master()))  # as a role that was started with it does
        found = await checks(others)
        assert found["logins"].ok
        superuser.execute("DELETE FROM retrace.parked")
        superuser.execute("DELETE FROM retrace.work")
    assert not found["projections"].ok
    assert "costs has parked 1 events" in found["projections"].detail
    assert "retrace projections list" in found["projections"].detail
    assert not found["work"].ok
    assert "retrace work list --parked" in found["work"].detail
    assert "erase has waited for 3" in found["work"].detail
    assert "is a worker running?" in found["work"].detail
    assert not found["tenants' keys"].ok
    assert "RETRACE_MASTER_KEY takes several" in found["tenants' keys"].detail


async def test_a_database_with_other_characters_is_told_of_them(settings: Settings) -> None:
    url = str(settings.database_url)
    assert "LC_CTYPE" not in (await checks(settings))["database"].detail
    other = Secret(re.sub(r"/test_[^?]*\?", "/other_characters?", url))
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE other_characters TEMPLATE template0 LC_CTYPE 'C'")
        try:
            found = await checks(msgspec.structs.replace(settings, database_url=other))
        finally:
            superuser.execute("DROP DATABASE other_characters WITH (FORCE)")
    assert "LC_CTYPE is C, not C.UTF-8" in found["database"].detail
    assert not found["pgvector"].ok


async def test_a_database_that_does_not_answer_is_told_without_its_password(settings: Settings) -> None:
    url = Secret(f"postgresql://me:canary@127.0.0.1:{free_port()}/nowhere")
    found = await checks(msgspec.structs.replace(settings, database_url=url))
    assert not found["database"].ok
    assert "127.0.0.1" in found["database"].detail
    assert "canary" not in str(found)


@pytest.mark.parametrize(
    ("status", "ok", "said"),
    [
        (200, True, "answers ("),
        (401, False, "refuses the key with 401; check OPENAI_API_KEY"),
        (404, True, "no list of models"),
        (429, False, "limits our calls"),
        (503, False, "answers 503"),
    ],
)
async def test_each_provider_is_asked_with_its_key(
    settings: Settings, status: int, ok: bool, said: str
) -> None:
    wire = Wire(lambda _: Reply(status=status, body=b"{}"))
    async with serving(wire):
        there = msgspec.structs.replace(
            settings,
            providers={
                "openai": ProviderAccess(
                    api_key=Secret("canary-o"), base_url=f"http://127.0.0.1:{wire.port}/v1"
                ),
                "gemini": ProviderAccess(
                    api_key=Secret("canary-g"), base_url=f"http://127.0.0.1:{wire.port}"
                ),
                "compatible": ProviderAccess(base_url=f"http://127.0.0.1:{free_port()}/v1"),
            },
        )
        found = await checks(there)
    assert (found["provider openai"].ok, said in found["provider openai"].detail) == (ok, True)
    assert "provider together" not in found
    assert not found["provider compatible"].ok
    assert "COMPATIBLE_BASE_URL" in found["provider compatible"].detail
    asked = {call.path: call.fields for call in wire.calls}
    assert asked["/v1/models"]["authorization"] == "Bearer canary-o"
    assert asked["/v1beta/models?pageSize=1"]["x-goog-api-key"] == "canary-g"
    assert "canary" not in str(found)


async def test_it_tells_where_the_running_roles_use_something_else(settings: Settings) -> None:
    said: list[str] = []
    with tree(settings, said.append, ("serve", "worker"), stand_in) as roles:
        roles.wait_ready()
        noted = running_in(settings.data)
        assert noted is not None
        assert (noted.pid, noted.url, noted.roles) == (os.getpid(), roles.url, ("serve", "worker"))
        text = (settings.data / NAME).read_text()
        for secret in (settings.master_key, MASTER.decode()):
            assert str(secret) not in text
        same = await checks(settings)
        assert same["roles"].ok
        assert same["master key"].ok
        assert same["Redis"].ok
        assert "settings" not in same
        other = msgspec.structs.replace(
            settings,
            database_url=Secret(str(settings.database_url).replace("/test_", "/tast_")),
            redis_url=Secret("redis://127.0.0.1:1/0"),
            master_key=OTHER,
        )
        found = await checks(other)
    for name, hint in (("settings", "DATABASE_URL"), ("Redis", "REDIS_URL"), ("master key", "restart")):
        assert not found[name].ok
        assert hint in found[name].detail
    assert running_in(settings.data) is None
    assert not (settings.data / NAME).exists()


async def test_what_a_killed_supervisor_has_noted_counts_no_more(settings: Settings) -> None:
    settings.data.mkdir()
    noted: dict[str, Any] = {"pid": os.getpid(), "since": time.time() - 1e6, "url": "", "roles": []}
    noted |= {"database": "", "redis": None, "masters": []}
    (settings.data / NAME).write_text(json.dumps(noted))
    assert running_in(settings.data) is None
    (settings.data / NAME).write_text("{")
    assert running_in(settings.data) is None
