"""Reads in one round trip: they see what a transaction of the tenant's sees, and leave the connection as it was."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.ports import Unavailable
from infra.postgres import session as session_module
from infra.postgres.database import Database
from infra.postgres.exchange import exchange
from tests.cells import cell
from tests.infra.log.parts import context, log_on, started
from tests.until import until

COUNT = "SELECT count(*) FROM events"


@pytest.fixture(name="database")
async def _database(database_url: str) -> AsyncIterator[Database]:
    async with Database(cell(database_url), size=1) as database:
        yield database


async def test_a_read_sees_its_tenants_rows_and_no_others(database_url: str) -> None:
    async with log_on(database_url) as log:
        ours, others = context(), context()
        for each in (ours, others):
            await log.store.save(started(), context=each)
        assert await log.database.read(ours.tenant, COUNT) == [(2,)]
        assert await log.database.read(uuid4(), COUNT) == [(0,)]
        query = "SELECT count(*) FROM events WHERE tenant = $1"
        assert await log.database.read(ours.tenant, query, others.tenant) == [(0,)]


async def test_several_reads_are_one_transaction_of_the_tenants_and_leave_nothing_behind(
    database: Database,
) -> None:
    tenant, who = uuid4(), "SELECT tenant(), txid_current_if_assigned() IS NULL, transaction_timestamp()"
    first, second = await database.read_all(tenant, (who, ()), (who, ()))
    assert first == second
    assert first[0][:2] == (tenant, True)
    async with database.system() as connection:
        row = await (await connection.execute("SELECT current_setting('retrace.tenant', true)")).fetchone()
        assert row in ((None,), ("",))
        assert connection.info.transaction_status.name == "INTRANS"


VALUES: list[tuple[str, Any]] = [
    ("$1::uuid", uuid4()),
    ("$1::bigint", 2**40),
    ("$1::int", -7),
    ("$1::text", "Größe \u2028 ' \\"),
    ("$1::bytea", bytes(range(256))),
    ("$1::timestamptz", datetime(2026, 11, 28, 21, 30, 1, 5, tzinfo=UTC)),
    ("$1::uuid[]", [uuid4(), uuid4()]),
    ("$1::text[]", ["a", "{b,", ""]),
    ("$1::text[]", []),
    ("$1::text", None),
    ("$1::float8", 0.1),
    ("$1::boolean", True),
]


async def test_values_come_back_as_they_went(database: Database) -> None:
    for text, value in VALUES:
        assert await database.read(uuid4(), f"SELECT {text}", value) == [(value,)]


async def test_numbers_of_all_sizes_are_one_statement(database: Database) -> None:
    for number in (1, 2**20, 2**40):
        assert await database.read(uuid4(), "SELECT $1::bigint + 1", number) == [(number + 1,)]
    named = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::bigint%'"
    assert await database.read(uuid4(), named) == [(1,)]


async def test_a_statement_that_fails_is_told_and_the_next_one_works(database: Database) -> None:
    tenant = uuid4()
    for text, error in (
        ("SELECT 1 / $1::int", psycopg.errors.DivisionByZero),
        ("SELECT nonsense FROM events", psycopg.errors.UndefinedColumn),
        ("DELETE FROM events", psycopg.errors.InsufficientPrivilege),
    ):
        values = [0] if "$1" in text else []
        for _ in range(2):
            with pytest.raises(error):
                await database.read_all(tenant, ("SELECT 1", ()), (text, values), ("SELECT 2", ()))
            assert await database.read(tenant, "SELECT tenant()") == [(tenant,)]
    assert await database.read(tenant, "SELECT 1 / $1::int", 1) == [(1,)]
    assert database.stats()["pool_size"] == 1


async def test_what_is_prepared_may_be_forgotten_by_the_server(database: Database) -> None:
    """As after a transaction of psycopg's that was rolled back."""
    tenant = uuid4()
    assert await database.read(tenant, "SELECT tenant()") == [(tenant,)]
    with pytest.raises(psycopg.errors.DivisionByZero):
        async with database.tenant(tenant) as connection:
            await connection.execute("SELECT 1 / 0", prepare=True)
    assert await database.read(tenant, "SELECT tenant()") == [(tenant,)]
    async with database.system() as connection:
        await connection.execute("DEALLOCATE ALL")
    assert await database.read(tenant, "SELECT tenant()") == [(tenant,)]


async def test_whoever_waits_for_a_lock_too_long_hears_that_it_may_try_again(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "LOCKED", 0.2)
    async with Database(cell(database_url), size=1) as database:
        with psycopg.connect(database_url) as other:
            other.execute("LOCK retrace.events")
            with pytest.raises(Unavailable, match="LockNotAvailable"):
                await database.read(uuid4(), COUNT)
        assert await database.read(uuid4(), COUNT) == [(0,)]


async def test_sessions_that_were_ended_are_passed_over_also_in_the_middle_of_a_read(
    database_url: str,
) -> None:
    async with Database(cell(database_url), size=2) as database:
        await asyncio.gather(*(database.read(uuid4(), "SELECT pg_sleep(0.05)") for _ in range(2)))
        with psycopg.connect(database_url, autocommit=True) as superuser:
            end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename LIKE 'retrace_app_%'"
            superuser.execute(end)
            assert await database.read(uuid4(), COUNT) == [(0,)]
            reading = asyncio.create_task(database.read(uuid4(), "SELECT pg_sleep(1), 1"))
            await asyncio.sleep(0.2)
            superuser.execute(end)
            assert [row[1] for row in await reading] == [1]


async def test_who_goes_away_leaves_a_connection_that_works_and_a_server_that_does_not(
    database_url: str, database: Database
) -> None:
    began = time.monotonic()
    reading = asyncio.create_task(database.read(uuid4(), "SELECT pg_sleep(60)"))
    await asyncio.sleep(0.2)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    tenant = uuid4()
    assert await database.read(tenant, "SELECT tenant()") == [(tenant,)]
    assert time.monotonic() - began < 30
    with psycopg.connect(database_url, autocommit=True) as superuser:
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' AND pid <> pg_backend_pid()"
        await until(lambda: superuser.execute(sleeping).fetchone() == (0,))


async def test_a_tenant_that_reads_much_holds_no_other_one_up(database: Database) -> None:
    many, one, served = uuid4(), uuid4(), list[UUID]()

    async def read(tenant: UUID) -> None:
        await database.read(tenant, "SELECT 1")
        served.append(tenant)

    async with database.system():
        tasks = [asyncio.create_task(read(many)) for _ in range(20)]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(read(one)))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert served.index(one) <= 2


@settings(max_examples=20, deadline=None)
@given(st.lists(st.binary(max_size=70_000), min_size=1, max_size=4))
def test_what_is_larger_than_the_socket_takes_comes_through(pieces: list[bytes]) -> None:
    """Each as a statement of its own, twice as long on its way back."""

    async def read() -> None:
        async with await psycopg.AsyncConnection.connect(URL[0], autocommit=True) as connection:
            statements = [
                ("SELECT repeat($1::text, 20), $2::bytea", (piece.hex(), piece)) for piece in pieces
            ]
            found = await exchange(connection, *statements)
            assert found == [[(piece.hex() * 20, piece)] for piece in pieces]

    asyncio.run(read())


URL = [""]


@pytest.fixture(autouse=True)
def _url(database_url: str) -> None:
    URL[0] = database_url
