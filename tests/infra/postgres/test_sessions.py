"""Logging in: behind poolers, without the rights to migrate, with other master keys, after an upgrade."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import psycopg
import pytest

from application.ports import Unavailable
from infra.embedded.postgres import EmbeddedPostgres
from infra.postgres import database as database_module
from infra.postgres.analysts import PgAnalysts
from infra.postgres.cell import ROLES, Cell
from infra.postgres.database import Database, wait_for
from infra.postgres.session import LoginRefused, WrongSession, connect
from infra.schema.migrate import NotMigrated, migrate, prepare, retire
from tests.cells import KEY, cell
from tests.doubles.pooler import Pooler, pooling
from tests.infra.log.parts import context, log_on, now, started

OTHER = b"another-master-key-of-32-bytes!!"


def name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


@pytest.fixture(name="pooler")
async def _pooler(database_url: str) -> AsyncIterator[Pooler]:
    async with pooling(parse_qs(urlsplit(database_url).query)["host"][0]) as pooler:
        yield pooler


def through(pooler: Pooler, database_url: str) -> str:
    return f"postgresql://postgres@127.0.0.1:{pooler.port}/{name(database_url)}?options=-csearch_path%3Dpg_catalog"


async def test_a_pooler_that_drops_startup_options_changes_nothing(database_url: str, pooler: Pooler) -> None:
    async with log_on(through(pooler, database_url)) as log:
        ctx = context()
        await log.store.save(started(), context=ctx)
        async with log.database.tenant(ctx.tenant) as connection:
            row = await connection.execute(
                "SELECT current_user, current_setting('search_path'), count(*) FROM events"
            )
            assert await row.fetchone() == (cell("").name("retrace_app"), "retrace, public", 2)
    assert pooler.sessions > 1


async def test_a_session_of_a_poolers_own_login_is_refused_before_anything_is_asked_of_it(
    database_url: str, pooler: Pooler
) -> None:
    pooler.user = "postgres"
    there = cell(through(pooler, database_url))
    for role in ROLES:
        with pytest.raises(WrongSession, match="the session is postgres: a pooler between"):
            await connect(there, role)
        with pytest.raises(WrongSession, match="Let it pass logins on"):
            await Database(there, role=role).open()


async def test_a_pooler_that_changes_its_ways_later_is_refused_too(
    database_url: str, pooler: Pooler, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with Database(cell(through(pooler, database_url)), size=1) as database:
        async with database.tenant(uuid4()) as connection:
            await connection.execute("SELECT 1")
        monkeypatch.setattr(database_module, "PATIENCE", 0.5)
        pooler.user = "postgres"
        with psycopg.connect(database_url, autocommit=True) as superuser:
            superuser.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'retrace%'"
            )
        with pytest.raises(Unavailable):
            async with database.tenant(uuid4()) as connection:
                await connection.execute("SELECT 1")
    assert "the session is postgres" in caplog.text


async def test_what_was_read_in_another_ones_session_is_given_to_nobody(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where a pooler puts another login in the place of one that was admitted."""
    async with Database(cell(database_url), size=1) as database:
        assert await database.read(uuid4(), "SELECT 1") == [(1,)]
        monkeypatch.setattr(database_module, "PATIENCE", 0.5)
        database.role = "retrace_runner"
        with pytest.raises(Unavailable):
            await database.read(uuid4(), "SELECT 1")
    assert "logged in to the database, and the session is" in caplog.text


async def test_a_login_without_its_settings_is_refused(database_url: str) -> None:
    login = cell("").name("retrace_keeper")
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute(
            f"ALTER ROLE {login} IN DATABASE {name(database_url)} SET search_path = public".encode()
        )
    with pytest.raises(LoginRefused, match="its search_path is public.*run `retrace migrate`"):
        await connect(cell(database_url), "retrace_keeper")


async def test_whoever_has_the_address_only_uses_what_is_migrated_and_changes_nothing(
    database_url: str,
) -> None:
    address = cell(database_url.replace("//postgres@", "//retrace_app@"))
    assert not address.migrates
    await wait_for(address)
    await prepare(address)
    async with Database(address) as database, database.tenant(uuid4()) as connection:
        assert await (await connection.execute("SELECT count(*) FROM events")).fetchone() == (0,)
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace_migrations WHERE name = '150_logins.sql'")
    with pytest.raises(NotMigrated, match="1 files of this version are not applied.*`retrace migrate`"):
        await prepare(address)


async def test_another_master_key_is_told_as_a_login_that_is_refused(database_url: str) -> None:
    with pytest.raises(LoginRefused, match="password authentication failed.*same RETRACE_MASTER_KEY"):
        await Database(Cell(database_url, b"never-given-master-key-of-32-by!")).open()


@pytest.fixture(name="fresh")
def _fresh(database_url: str, template: str) -> Iterator[str]:
    """A database of this test's own, migrated."""
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE fresh TEMPLATE {template}".encode())
    yield database_url.replace(f"/{name(database_url)}?", "/fresh?")
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("DROP DATABASE fresh WITH (FORCE)")


async def test_master_keys_rotate_with_their_logins(fresh: str) -> None:
    tenant = uuid4()

    async def sees(master: bytes) -> None:
        async with Database(Cell(fresh, master), size=1) as database, database.tenant(tenant) as connection:
            await connection.execute("SELECT FROM events")

    await migrate(Cell(fresh, KEY + OTHER))
    await sees(KEY)
    await sees(OTHER)
    assert await retire(Cell(fresh, OTHER + KEY)) == []
    await migrate(Cell(fresh, OTHER))
    await sees(KEY)  # nothing is taken from those who still run with it
    with psycopg.connect(fresh, autocommit=True) as superuser:
        # This server's other databases log in with KEY: what is retired here is a key of this one's own.
        third = Cell(fresh, b"a-third-master-key-of-32-bytes!!")
        await migrate(third)
        await sees(third.master)
        superuser.execute("DELETE FROM retrace.context_keys WHERE master = %s", [cell("").signers[0].mark])
    gone = await retire(Cell(fresh, OTHER))
    assert gone == [third.name(role) for role in ROLES]
    with pytest.raises(LoginRefused):
        await sees(third.master)
    await sees(OTHER)


async def test_a_password_that_was_changed_is_put_right_by_migrate(fresh: str) -> None:
    there = Cell(fresh, OTHER)
    await migrate(there)
    login = there.name("retrace_app")
    with psycopg.connect(fresh, autocommit=True) as superuser:
        superuser.execute(f"ALTER ROLE {login} PASSWORD 'other'".encode())
        with pytest.raises(LoginRefused):
            await connect(there, "retrace_app")
        superuser.execute(f"ALTER ROLE {login} NOLOGIN".encode())
    await migrate(there, renew=True)
    await (await connect(there, "retrace_app")).close()


OLD = "nullif(current_setting('retrace.tenant', true), '')::uuid"


async def test_a_database_of_before_gets_its_walls_and_keeps_its_rows(fresh: str) -> None:
    """As the version before left it: its last file not applied, its read models the owner's, everything as it was then."""
    ctx = context()
    async with log_on(fresh) as log:
        await log.store.save(started(), context=ctx)
    tables = "SELECT schemaname || '.' || tablename FROM pg_policies WHERE policyname = 'tenant'"
    with psycopg.connect(fresh) as superuser:
        for (table,) in superuser.execute(tables).fetchall():
            superuser.execute(f"ALTER POLICY tenant ON {table} USING (tenant = {OLD})".encode())
            superuser.execute(f"ALTER TABLE {table} OWNER TO retrace_owner".encode())
        for (name,) in superuser.execute(
            "SELECT schemaname || '.' || tablename FROM pg_policies WHERE policyname = 'builder'"
        ).fetchall():
            superuser.execute(f"DROP POLICY builder ON {name}".encode())
        superuser.execute("GRANT INSERT ON retrace.tenant_keys TO retrace_app, retrace_projector")
        superuser.execute(
            "DROP FUNCTION retrace.tenant, retrace.found_tenant_key; DROP TABLE retrace.context_keys"
        )
        superuser.execute(
            "REVOKE ALL ON ALL TABLES IN SCHEMA retrace, retrace_next, retrace_old, public FROM retrace_builder"
        )
        superuser.execute("REVOKE ALL ON SCHEMA retrace, retrace_next, retrace_old FROM retrace_builder")
        superuser.execute(
            "DELETE FROM retrace_migrations WHERE name IN ('150_logins.sql', '151_context.sql')"
        )
    await migrate(cell(fresh))
    async with log_on(fresh) as log:
        assert (await log.store.save(started(message="m2"), context=ctx)).position == 4
    with psycopg.connect(fresh) as superuser:
        owners = (
            "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE oid IN (%s::regclass, %s::regclass)"
        )
        assert superuser.execute(owners, ["retrace.costs", "retrace.conversations"]).fetchall() == [
            ("retrace_builder",)
        ]


async def test_the_owner_of_a_database_who_may_make_roles_migrates_it_and_nobody_needs_a_superuser(
    tmp_path: Path,
) -> None:
    with EmbeddedPostgres(tmp_path) as server:
        with psycopg.connect(server.url, autocommit=True) as superuser:
            superuser.execute("CREATE ROLE operator LOGIN CREATEROLE PASSWORD 'p@ss/w'")
            superuser.execute("CREATE DATABASE shop OWNER operator")
        url = server.url.replace("//postgres@/retrace?", "//operator:p%40ss%2Fw@/shop?")
        with psycopg.connect(server.url.replace("/retrace?", "/shop?"), autocommit=True) as superuser:
            superuser.execute("CREATE EXTENSION vector")
        await migrate(cell(url))
        await migrate(cell(url), renew=True)
        async with log_on(url) as log:
            await log.store.save(started(), context=context())
            tenant, role = uuid4(), f"retrace_analyst_{uuid4().hex[:16]}"
            address = await PgAnalysts(log.database).make(
                tenant, uuid4(), role=role, password="x", expires_at=now() + timedelta(days=1), connections=1
            )
        with psycopg.connect(address) as analyst:
            assert analyst.execute("SELECT retrace_analytics.tenant()").fetchone() == (tenant,)
        ended: list[Any] = await retire(cell(url))
        assert ended == []
