"""A tenant's log in pages, for those who read all of it: the next page comes while this one is worked on.

libpq fetches a whole result without the interpreter's lock, so that another core does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

from application.ports import Unavailable
from infra.postgres.database import Connection, Database
from infra.postgres.session import connect, enter

Row = tuple[int, bytes, int, str, bytes, bytes | None, bytes, bytes]
"""seq, stream, version, topic, context (infra/log/hashing.py), payload, digest, hash."""

PAGE = 4000
"""Events of one query."""

# The context's bytes (infra/log/hashing.py) are put together by the server, and are not taken on trust: the payload opens only in this
# context. They are most of what a page costs the server, so they take its cheap ways: float seconds, exact to the microsecond until 2106,
# within what the layout can hold, and text as it is sent to a client (in UTF-8: infra/postgres/database.py). Zeros stand for no causation, so an id
# of zeros, which nobody writes, fits nothing. All hashing is ours: OpenSSL's takes a quarter of the time of PostgreSQL's own.
CONTEXT = (
    "uuid_send($1::uuid) || uuid_send(stream) || int8send(version) "
    "|| int8send(least(greatest(date_part('epoch', recorded_at) * 1000000, -9e18), 9e18)::bigint) "
    "|| uuid_send(correlation) || CASE WHEN causation IS NULL THEN '\\x00000000000000000000000000000000'::bytea "
    "WHEN causation = '00000000-0000-0000-0000-000000000000' THEN '' ELSE uuid_send(causation) END "
    "|| int2send(least(octet_length(topic), 32767)::smallint) || textsend(topic) "
    "|| int2send(least(octet_length(actor), 32767)::smallint) || textsend(actor)"
)
QUERY = (
    f"SELECT seq, uuid_send(stream), version, topic, {CONTEXT}, payload, digest, hash "
    "FROM events WHERE tenant = $1::uuid AND seq > $2::bigint ORDER BY seq LIMIT $3::bigint"
)
Fetch = Callable[[int, int], asyncio.Future[PGresult]]
"""Begins at once to fetch events beyond a number: so many of them, at most."""


async def page(connection: Connection, tenant: UUID, after: int) -> list[Row]:
    """The events that follow number `after`, within the connection's transaction."""
    cursor = psycopg.AsyncRawCursor(connection)
    await cursor.execute(QUERY, [tenant, after, PAGE], binary=True, prepare=True)
    return cast(list[Row], await cursor.fetchall())


@asynccontextmanager
async def fetching(database: Database, tenant: UUID) -> AsyncIterator[Fetch]:
    """Over a connection of its own: those that are asked for follow one another without a pause. Raises Unavailable."""
    try:
        connection = await connect(database.cell, database.role)
    except psycopg.OperationalError as error:
        raise Unavailable("the database does not answer; try again in some seconds") from error
    pgconn, thread = connection.pgconn, ThreadPoolExecutor(1, "fetching")
    loop, asked = asyncio.get_running_loop(), set[asyncio.Future[PGresult]]()

    def fetch(after: int, most: int) -> asyncio.Future[PGresult]:
        # A thread begins at once; a task would begin when this one has done its work.
        future = loop.run_in_executor(thread, fetched, pgconn, tenant, after, most)
        asked.add(future)
        future.add_done_callback(came)
        return future

    def came(future: asyncio.Future[PGresult]) -> None:
        asked.discard(future)
        if not future.cancelled():
            future.exception()  # of those ahead of a failure nobody asks how they ended

    try:
        await enter(connection, database.cell, database.role, tenant)
        pgconn.nonblocking = 0
        yield fetch
    except psycopg.OperationalError as error:
        raise Unavailable("the database does not answer; try again in some seconds") from error
    finally:
        thread.shutdown(wait=False, cancel_futures=True)
        if asked:
            await asyncio.wait(asked)
        await connection.close()


async def pages(fetch: Fetch, after: int = 0) -> AsyncIterator[list[Row]]:
    """All that comes after a number, page by page."""
    ahead = fetch(after, PAGE)
    while rows := rows_of(await ahead):
        ahead = fetch(rows[-1][0], PAGE)
        yield rows


def fetched(pgconn: PGconn, tenant: UUID, after: int, most: int) -> PGresult:
    """Waits for it."""
    values = [str(each).encode() for each in (tenant, after, most)]
    return pgconn.exec_params(QUERY.encode(), values, result_format=Format.BINARY)


def rows_of(result: PGresult) -> list[Row]:
    """Raises psycopg.Error."""
    if result.status != ExecStatus.TUPLES_OK:
        error = psycopg.errors.error_from_result(result, encoding="utf-8")
        raise error if error.sqlstate else psycopg.OperationalError(str(error))  # the connection has ended
    transformer = Transformer()
    transformer.set_pgresult(result)
    return cast(list[Row], transformer.load_rows(0, result.ntuples, tuple))
