"""Connections: what befalls the server is told clearly, and passes by itself."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from application.ports import Unavailable
from infra.embedded.postgres import EmbeddedPostgres
from infra.postgres import database as database_module
from infra.postgres import session as session_module
from infra.postgres.database import Database, wait_for
from infra.schema.migrate import OtherSchema, migrate
from tests.cells import cell
from tests.infra.log.parts import context, log_on, started


async def test_a_pool_whose_connections_are_all_held_says_so_in_time_and_serves_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Database(cell(database_url), size=2) as database:
        async with database.system(), database.tenant(uuid4()):
            began = time.monotonic()
            with monkeypatch.context() as patch:
                patch.setattr(database_module, "PATIENCE", 0.2)
                with pytest.raises(Unavailable, match="does not answer; try again"):
                    async with database.system():
                        pass
            assert time.monotonic() - began < 25
        for _ in range(3):
            async with database.system() as one, database.system() as other:
                assert one is not other


async def test_a_tenant_that_comes_with_many_holds_no_other_one_up(database_url: str) -> None:
    many, one = uuid4(), uuid4()
    served: list[UUID | None] = []

    async def come(tenant: UUID | None) -> None:
        async with database.system() if tenant is None else database.tenant(tenant):
            served.append(tenant)

    async with Database(cell(database_url), size=1) as database:
        async with database.tenant(many):
            tasks = [asyncio.create_task(come(many)) for _ in range(50)]
            await asyncio.sleep(0)
            tasks += [asyncio.create_task(come(tenant)) for tenant in (one, None, one)]
            await asyncio.sleep(0)
            assert database.stats()["requests_waiting"] == 53
        await asyncio.gather(*tasks)
    assert served[:6] == [many, one, None, many, one, many]
    assert len(served) == 53


async def test_sessions_that_were_ended_are_replaced(database_url: str) -> None:
    async with Database(cell(database_url), size=4) as database:
        for _ in range(3):
            async with database.system(), database.system(), database.system():
                pass
            with psycopg.connect(database_url, autocommit=True) as superuser:
                ended = superuser.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                ).fetchone()
                assert ended is not None
                assert ended[0] > 0
            async with database.system() as connection:
                assert await (await connection.execute("SELECT 1")).fetchone() == (1,)


async def test_whoever_holds_a_table_does_not_hold_up_others_for_ever(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "LOCKED", 0.2)
    async with Database(cell(database_url), size=1) as database, log_on(database_url) as log:
        with psycopg.connect(database_url) as superuser:
            superuser.execute("LOCK TABLE retrace.events IN ACCESS EXCLUSIVE MODE")
            began = time.monotonic()
            with pytest.raises(Unavailable, match="LockNotAvailable"):
                async with database.system() as connection:
                    await connection.execute("SELECT FROM events")
            with pytest.raises(Unavailable, match="LockNotAvailable"):
                await log.store.save(started(), context=context())
            assert time.monotonic() - began < 25
        async with database.system() as connection:
            await connection.execute("SELECT FROM events")
        assert (await log.store.save(started(), context=context())).position == 2


async def test_a_full_disk_is_told_as_such(database_url: str) -> None:
    async with Database(cell(database_url), size=1) as database:
        with pytest.raises(Unavailable, match="disk is full, so nothing was saved"):
            async with database.system() as connection:
                await connection.execute("DO $$ BEGIN RAISE disk_full; END $$")


async def test_a_server_that_is_still_away_is_waited_for() -> None:
    folder = Path(tempfile.mkdtemp(prefix="retrace-away-"))
    server = EmbeddedPostgres(folder)
    with pytest.raises(Unavailable, match=r"no PostgreSQL answers at the socket .*: start it, or mend .*"):
        await wait_for(cell(server.url), 0.1)
    waiting = asyncio.create_task(wait_for(cell(server.url), 30))
    try:
        await asyncio.sleep(0.2)
        server.start()
        await waiting
    finally:
        server.stop()
        shutil.rmtree(folder)


async def test_a_database_of_another_version_is_refused_with_its_reason(database_url: str) -> None:
    await migrate(cell(database_url))
    with psycopg.connect(database_url, autocommit=True) as superuser:
        for change in (
            "UPDATE retrace_migrations SET digest = 'other' WHERE name = '016_append.sql'",
            "ALTER TABLE retrace_migrations DROP COLUMN digest",
        ):
            superuser.execute(change.encode())
            with pytest.raises(OtherSchema, match="another version of Retrace.*new database"):
                await migrate(cell(database_url))
