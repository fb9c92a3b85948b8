"""A tenant's log in pages, for those who read all of it: the next page comes while this one is worked on.

libpq fetches a whole result without the interpreter's lock, so that another core does it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import cast
from uuid import UUID

import psycopg
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

from application.ports import Unavailable
from infra.audit.chain import Row
from infra.database import Connection, Database, connect

PAGE = 4000
"""Events of one query."""

# The context's bytes (infra/log/hashing.py) are put together by the server, and are not taken on trust: the payload opens only in this
# context. All hashing is ours: OpenSSL's takes a quarter of the time of PostgreSQL's own.
CONTEXT = (
    "uuid_send(tenant) || uuid_send(stream) || int8send(version) || int8send((extract(epoch FROM recorded_at) * 1000000)::bigint) "
    "|| uuid_send(correlation) || coalesce(uuid_send(causation), decode(repeat('00', 16), 'hex')) "
    "|| int2send(octet_length(topic)::smallint) || convert_to(topic, 'UTF8') "
    "|| int2send(octet_length(actor)::smallint) || convert_to(actor, 'UTF8')"
)
QUERY = (
    f"SELECT seq, uuid_send(stream), version, topic, {CONTEXT}, payload, digest, hash "
    f"FROM events WHERE tenant = $1::uuid AND seq > $2::bigint ORDER BY seq LIMIT {PAGE}"
)


async def page(connection: Connection, tenant: UUID, after: int) -> list[Row]:
    """The events that follow number `after`, within the connection's transaction."""
    cursor = psycopg.AsyncRawCursor(connection)
    await cursor.execute(QUERY, [tenant, after], binary=True, prepare=True)
    return cast(list[Row], await cursor.fetchall())


@asynccontextmanager
async def reading(database: Database, tenant: UUID) -> AsyncIterator[AsyncIterator[list[Row]]]:
    """The pages of the log, from its beginning. Raises Unavailable."""
    try:
        connection = await connect(database.url, database.role)
    except psycopg.OperationalError as error:
        raise Unavailable("the database does not answer; try again in some seconds") from error
    try:
        await connection.execute(f"BEGIN; SET LOCAL retrace.tenant = '{UUID(bytes=tenant.bytes)}'".encode())
        async with aclosing(
            _pages(connection, tenant)
        ) as pages:  # its thread is done before the connection ends
            yield pages
    except psycopg.OperationalError as error:
        raise Unavailable("the database does not answer; try again in some seconds") from error
    finally:
        await connection.close()


async def _pages(connection: Connection, tenant: UUID) -> AsyncGenerator[list[Row], None]:
    pgconn = connection.pgconn
    pgconn.nonblocking = 0

    def fetch(after: int) -> PGresult:
        values = [str(tenant).encode(), str(after).encode()]
        return pgconn.exec_params(QUERY.encode(), values, result_format=Format.BINARY)

    # A thread of the executor begins at once; a task would begin when this one has done its work.
    loop = asyncio.get_running_loop()
    ahead = loop.run_in_executor(None, fetch, 0)
    try:
        while rows := _rows(connection, await ahead):
            ahead = loop.run_in_executor(None, fetch, rows[-1][0])
            yield rows
    finally:
        await asyncio.wait([ahead])


def _rows(connection: Connection, result: PGresult) -> list[Row]:
    if result.status != ExecStatus.TUPLES_OK:
        raise psycopg.errors.error_from_result(result, encoding="utf-8")
    transformer = Transformer(connection)
    transformer.set_pgresult(result)
    return cast(list[Row], transformer.load_rows(0, result.ntuples, tuple))
