"""The views for analysts: over what is live, whatever is switched, and for one tenant's login that tenant's rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from infra.projections.rebuild import rebuild
from infra.projections.switching import switch
from infra.schema.migrate import migrate
from projections.views import VIEWS
from tests.cells import cell, session
from tests.infra.log.parts import Log
from tests.infra.projections.copies import caught_up, log_without_copies, shop_of
from tests.infra.projections.parts import talk

Session = psycopg.Connection[Any]
TYPES = (
    "SELECT a.attname::text, format_type(a.atttypid, NULL) FROM pg_attribute a WHERE a.attrelid = %s::regclass AND a.attnum > 0 "
    "ORDER BY a.attnum"
)


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_without_copies(database_url) as log:
        yield log


@pytest.fixture(name="superuser")
def _superuser(database_url: str) -> Iterator[Session]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(name="analyst")
def _analyst(database_url: str, superuser: Session) -> Iterator[tuple[Session, UUID]]:
    """A login of a tenant's, made as `infra/postgres/analysts.py` makes it."""
    tenant, name = uuid4(), f"retrace_analyst_{uuid4().hex[:16]}"
    verifier = superuser.pgconn.encrypt_password(b"x", name.encode(), b"scram-sha-256").decode()
    with session(database_url, "retrace_app", tenant) as app:
        values = [uuid4(), name, verifier]
        app.execute("SELECT make_analyst_login(%s, %s, %s, now() + interval '1 hour', 2)", values)
    with psycopg.connect(database_url, user=name, password="x", autocommit=True) as connection:
        yield connection, tenant
    superuser.execute(SQL("DROP ROLE {}").format(Identifier(name)))


def calls(analyst: Session) -> int:
    row = analyst.execute("SELECT coalesce(sum(calls), 0) FROM costs", prepare=True).fetchone()
    assert row is not None
    return int(row[0])


async def test_each_view_has_the_columns_that_the_code_says(superuser: Session) -> None:
    for view in VIEWS:
        found = superuser.execute(TYPES, [f"retrace_analytics.{view.name}"]).fetchall()
        long = {"timestamp with time zone": "timestamptz", "character varying": "text"}
        assert [(name, long.get(type, type)) for name, type in found] == [
            (column.name, column.type) for column in view.columns
        ], view.name


async def test_a_login_sees_its_tenants_rows_and_no_others(
    log: Log, analyst: tuple[Session, UUID], superuser: Session
) -> None:
    reader, ours = analyst
    await talk(log, ours, 2)
    theirs = await talk(log, uuid4(), 3)
    await caught_up(log)
    assert reader.execute("SELECT count(*), sum(cost_usd)::text FROM interactions").fetchone() == (
        2,
        "0.00250",
    )
    assert calls(reader) == 2
    assert reader.execute("SELECT * FROM conversations WHERE conversation = %s", [theirs.id]).fetchall() == []
    for view in VIEWS:
        reader.execute(f"SELECT * FROM {view.name}".encode())
    superuser.execute("UPDATE retrace.analyst_logins SET locked = true WHERE tenant = %s", [ours])
    assert calls(reader) == 0


@pytest.mark.parametrize("back", [False, True])
async def test_a_switch_leaves_the_views_on_what_is_live(
    log: Log, analyst: tuple[Session, UUID], superuser: Session, back: bool
) -> None:
    reader, tenant = analyst
    await talk(log, tenant, 2)
    await caught_up(log)
    superuser.execute("UPDATE retrace.costs SET calls = calls + 100 WHERE tenant = %s", [tenant])
    assert calls(reader) == 102
    async with shop_of(log) as shop:
        await rebuild(shop)
        await switch(
            shop, keep=back
        )  # without keeping it, the former one is dropped: no view may hold on to it
        assert calls(reader) == 2
        if back:
            await switch(shop, back=True)
            assert calls(reader) == 102
    await migrate(cell(log.url))
    assert calls(reader) == (102 if back else 2)


async def test_readers_of_a_view_never_fail_while_it_is_switched(
    log: Log, analyst: tuple[Session, UUID], database_url: str
) -> None:
    reader, tenant = analyst
    await talk(log, tenant, 2)
    await caught_up(log)
    stop, seen = asyncio.Event(), 0

    def read() -> None:
        nonlocal seen
        while not stop.is_set():
            assert calls(reader) == 2
            seen += 1

    async with shop_of(log) as shop:
        reading = asyncio.create_task(asyncio.to_thread(read))
        try:
            for _ in range(3):
                await rebuild(shop)
                await switch(shop)
        finally:
            stop.set()
            await reading
    assert seen > 3


async def test_an_analyst_who_holds_a_view_does_not_keep_it_from_being_switched(
    log: Log, analyst: tuple[Session, UUID]
) -> None:
    reader, tenant = analyst
    await talk(log, tenant, 2)
    await caught_up(log)
    reader.execute("SET idle_in_transaction_session_timeout = 0")
    reader.execute("BEGIN")
    assert calls(reader) == 2
    async with shop_of(log) as shop:
        await rebuild(shop)
        await switch(shop)
    with pytest.raises(psycopg.OperationalError):
        reader.execute("SELECT 1")


async def test_migrating_makes_what_is_missing_and_leaves_the_rest(log: Log, superuser: Session) -> None:
    made = "SELECT relname, oid, xmin::text FROM pg_class WHERE relnamespace = 'retrace_analytics'::regnamespace ORDER BY 1"
    before = superuser.execute(made).fetchall()
    superuser.execute("DROP VIEW retrace_analytics.orders")
    await migrate(cell(log.url))
    after = superuser.execute(made).fetchall()
    assert [row for row in before if row[0] != "orders"] == [row for row in after if row[0] != "orders"]
    assert [row[0] for row in before] == [row[0] for row in after]
    assert superuser.execute("SELECT obj_description('retrace_analytics.orders'::regclass)").fetchone() == (
        "an order as it stands",
    )
