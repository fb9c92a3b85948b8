"""A Citus of an earlier schema is brought up to date: the files that came since run on tables that lie on the nodes already. For `make citus`."""

from __future__ import annotations

import lzma
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from application.conversations.conversation import ReceiveMessage, receive_message
from domain.base.context import Context
from infra.citus.distributing import MARK, begin_on_citus, digest, distribute
from infra.schema.migrate import SCHEMA, migrate
from tests import citus
from tests.cells import cell
from tests.infra.log.parts import MASTER
from tests.infra.moving.places import place

pytestmark = pytest.mark.skipif(citus.url() is None, reason="on a Citus: make citus")
EARLIER = Path(__file__).parents[2] / "golden" / "databases" / "340.sql.xz"
PLACES = "SELECT table_name::text FROM citus_tables WHERE citus_table_type = 'distributed'"


@pytest.fixture(name="earlier_url")
async def _earlier_url() -> AsyncIterator[str]:
    """As its version would have put it on the nodes: with rows, and without what came later."""
    with citus.database(f"earlier_{os.getpid()}") as url:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await begin_on_citus(connection, cell(url))
            await connection.execute(lzma.decompress(EARLIER.read_bytes()))
            await connection.execute("SET search_path = public")
            insert = "INSERT INTO public.retrace_migrations (name, digest) VALUES (%s, %s)"
            await connection.execute(insert, [MARK, digest()])  # the functions are those of its version
            await distribute(connection, changed=False)
            await connection.execute("DELETE FROM public.retrace_migrations WHERE name = %s", [MARK])
        yield url


async def test_an_earlier_schema_that_is_distributed_is_brought_up_to_date(
    earlier_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(earlier_url) as superuser:
        rows = superuser.execute("SELECT tenant, seq FROM retrace.heads").fetchall()
        spread = {row[0] for row in superuser.execute(PLACES).fetchall()}
        done = {row[0] for row in superuser.execute("SELECT name FROM public.retrace_migrations").fetchall()}
    assert rows
    assert "retrace.events" in spread
    assert {file.name for file in SCHEMA.glob("*.sql")} - done, "it is of today's schema"
    await migrate(cell(earlier_url, MASTER))
    with psycopg.connect(earlier_url) as superuser:
        assert spread < {row[0] for row in superuser.execute(PLACES).fetchall()}, "new tables are there too"
    async with place(earlier_url, tmp_path, MASTER, "here") as here:
        for tenant, end in rows:
            context = Context(tenant=tenant, actor="key:test", correlation=uuid4())
            message = ReceiveMessage(channel="http", address="anna", text="Still there?")
            await receive_message(message, context, here.parts)
            events = [each async for each in here.parts.store.events(tenant)]
            assert [each.position for each in events] == list(range(1, len(events) + 1))
            assert len(events) > end
            report = await here.parts.verify(tenant, closely=True)
            assert (report.events, report.findings) == (len(events), [])
