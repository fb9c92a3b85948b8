"""The context's bytes, as the server puts them together, are those that were hashed and sealed; and what happens when it ends."""

from __future__ import annotations

import asyncio
import gc
import random
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import AsyncRawCursor

from application.ports import Unavailable
from infra.audit.pages import CONTEXT, fetching, rows_of
from infra.log.hashing import context_bytes, microseconds
from infra.postgres.database import Database
from infra.postgres.session import connect
from tests.cells import cell

BEGIN, END = datetime(1970, 1, 1, tzinfo=UTC), datetime(2106, 1, 1, tzinfo=UTC)
SECONDS = round((END - BEGIN).total_seconds())
COLUMNS = ["uuid[]", "bigint[]", "timestamptz[]", "uuid[]", "uuid[]", "text[]", "text[]"]
NAMES = "stream, version, recorded_at, correlation, causation, topic, actor"


async def test_the_server_makes_the_context_as_it_was_written(database_url: str) -> None:
    chance = random.Random(20261122)

    def some(kind: int) -> datetime:
        """Any microsecond, whole seconds, and those beside them."""
        at = BEGIN + timedelta(seconds=chance.randrange(1, SECONDS))
        return at + timedelta(microseconds=chance.randrange(1_000_000) if kind else chance.choice((-1, 0, 1)))

    def text() -> str:
        return "".join(
            chr(chance.choice((45, 97, 0xE9, 0x4E2D, 0x1F600)) + chance.randrange(20)) for _ in range(12)
        )

    def uuid() -> UUID:
        return UUID(int=chance.getrandbits(128))

    tenant = uuid()
    rows = [
        (
            uuid(),
            chance.randrange(1, 2**40),
            some(number % 2),
            uuid(),
            uuid() if number % 3 else None,
            text(),
            text(),
        )
        for number in range(20_000)
    ]
    given = ", ".join(f"${number}::{kind}" for number, kind in enumerate(COLUMNS, 2))
    query = f"SELECT {CONTEXT} FROM unnest({given}) AS events({NAMES})"
    async with await connect(cell(database_url), "retrace_app") as connection:
        cursor = AsyncRawCursor(connection)
        await cursor.execute(query.encode(), [tenant, *map(list, zip(*rows, strict=True))])
        found = [bytes(row[0]) for row in await cursor.fetchall()]
    assert found == [
        context_bytes(
            tenant.bytes,
            stream.bytes,
            version,
            microseconds(at),
            correlation.bytes,
            causation.bytes if causation else None,
            topic,
            actor,
        )
        for stream, version, at, correlation, causation, topic, actor in rows
    ]


async def test_a_database_that_ends_meanwhile_is_told_once(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def read() -> None:
        async with Database(cell(database_url)) as database, fetching(database, uuid4()) as fetch:
            await fetch(0, 1)
            with psycopg.connect(database_url, autocommit=True) as superuser:
                superuser.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND state = 'idle in transaction' AND query LIKE '%uuid_send($1::uuid)%'"
                )
            first, second = fetch(0, 1), fetch(0, 1)
            await asyncio.wait((first, second))
            rows_of(await first)

    with pytest.raises(Unavailable):
        await read()
    gc.collect()
    await asyncio.sleep(0)
    assert caplog.records == []  # as of an exception that nobody has retrieved
