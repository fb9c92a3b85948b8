"""A tenant's transaction where the server is a Citus: what a session sets goes on to the nodes only as a statement SET LOCAL of its own.

`citus.propagate_set_commands` is 'local' for each login (infra/citus/nodes.py). A tenant's context stands in such a statement's text then,
which other sessions of the same login could read while it runs; they can ask for any tenant anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.sql import SQL, Identifier, Literal

from application.ports import Unavailable

Connection = AsyncConnection[tuple[Any, ...]]
Row = tuple[Any, ...]

WHO = b"SELECT session_user::text, current_user::text"
NAMES = ("retrace.tenant", "search_path")

PASSING: tuple[type[psycopg.Error], ...] = (
    psycopg.OperationalError,
    psycopg.errors.InternalError_,
    psycopg.errors.UndefinedTable,
)
"""What may be over when it is tried again. There is no code of its own for a node that goes away under a statement. And one that went away as a
read model was switched has the tables where they were, until it hears that the switch was done (`citus.recover_2pc_interval`)."""

PASSED_ON = b"SET citus.propagate_set_commands = 'local'"
"""What each login has (infra/citus/contexts.py), for whoever migrates: nodes hear what SET LOCAL says."""

SEQUENTIAL = b"SET LOCAL citus.multi_shard_modify_mode = 'sequential'"
"""By one connection to each node: what changes tables, and what writes their rows, is refused when it comes by two in one transaction."""


async def on_citus(connection: Connection) -> bool:
    """Whether the server is one. For commands and migrations; sessions know it from how they began (infra/postgres/session.py)."""
    row = await (
        await connection.execute(b"SELECT to_regproc('pg_catalog.citus_version') IS NOT NULL")
    ).fetchone()
    return row == (True,)


@contextmanager
def told() -> Iterator[None]:
    """Of a transaction that changes something on all nodes. Raises Unavailable where one went away; who waited for a lock in vain hears that."""
    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise
    except PASSING as error:
        raise Unavailable(
            f"a node of this Citus, or its coordinator, went away meanwhile ({type(error).__name__}): all was done or nothing; try again"
        ) from error


async def enter(connection: Connection, begin: bytes, values: Sequence[str]) -> Row:
    """Begin a transaction with these values of `NAMES`; who the session is. One round trip. Raises psycopg.Error."""
    async with connection.pipeline():
        cursor = await _entered(connection, begin, values)
    return await _first(cursor)


async def read(
    connection: Connection, values: Sequence[str], statements: Sequence[tuple[str, Sequence[Any]]]
) -> tuple[Row, list[list[Row]]]:
    """Who the session is, and the rows of each statement, in one transaction and one round trip. Raises psycopg.Error."""
    cursors = []
    async with connection.pipeline():
        who = await _entered(connection, b"BEGIN", values)
        for text, parameters in statements:
            cursor = AsyncRawCursor(connection)
            cursors.append(await cursor.execute(text.encode(), parameters, binary=True))
        await connection.execute(b"COMMIT")
    return await _first(who), [await cursor.fetchall() for cursor in cursors]


async def _entered(connection: Connection, begin: bytes, values: Sequence[str]) -> psycopg.AsyncCursor[Row]:
    await connection.execute(begin)
    for name, value in zip(NAMES, values, strict=False):
        if name == "search_path":
            await connection.execute(
                SQL("SET LOCAL search_path = {}").format(SQL(", ").join(map(Identifier, value.split(", "))))
            )
        else:
            await connection.execute(
                SQL("SET LOCAL retrace.tenant = {}").format(Literal(value)), prepare=False
            )
    return await connection.execute(WHO)


async def _first(cursor: psycopg.AsyncCursor[Row]) -> Row:
    row = await cursor.fetchone()
    assert row is not None
    return row
