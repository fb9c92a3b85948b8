"""Sessions of the database: each is its role's own, and is asked nothing before that is sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from application.ports import Fault
from infra.postgres import citus
from infra.postgres.cell import Cell, Role

Connection = AsyncConnection[tuple[Any, ...]]
Row = tuple[Any, ...]
Statement = tuple[str, Sequence[Any]]

SCHEMAS = ("retrace", "public")
"""Those whose names need no prefix. Each login has them as its default, which no pooler can drop."""

CONNECT = 5
"""Seconds for one try to connect. A server that dies at that moment may leave its caller without any answer."""

LOCKED = 10.0
"""Seconds that a statement waits for others' locks; a statement that waits for ever holds its connection for as long."""

SESSION: dict[str, Any] = {"autocommit": True, "connect_timeout": CONNECT, "client_encoding": "UTF8"}
"""What all our connections are opened with."""

ADMIT = (
    "SELECT session_user::text, current_user::text, current_setting('search_path'), "
    "set_config('lock_timeout', %s, false), to_regproc('pg_catalog.citus_version') IS NOT NULL"
)
_ENTER = "SELECT session_user::text, current_user::text, set_config('retrace.tenant', {}, true)"
_ENTER_PLACE = f"{_ENTER}, set_config('search_path', {{}}, true)"
ENTER, ENTER_PLACE = _ENTER.format("%s"), _ENTER_PLACE.format("%s", "%s")
NUMBERED, NUMBERED_PLACE = _ENTER.format("$1"), _ENTER_PLACE.format("$1", "$2")
"""The same for `exchange`, which takes PostgreSQL's own placeholders."""


class WrongSession(Fault):
    """A session is not the role's that it should be."""

    def __init__(self, session: str, current: str, wanted: str) -> None:
        who = session if session == current else f"{session}'s, acting as {current}"
        super().__init__(
            f"{wanted} logged in to the database, and the session is {who}: a pooler between puts a login of its own in place. "
            "Let it pass logins on (PgBouncer: no user= for this database), or give a DATABASE_URL that goes past it"
        )


class LoginRefused(Fault):
    """A role's login is not as `retrace migrate` makes it."""

    def __init__(self, login: str, why: str) -> None:
        super().__init__(
            f"the database does not let {login} in as it should ({why}): run `retrace migrate`, with the same RETRACE_MASTER_KEY and "
            "the DATABASE_URL of whoever may make roles"
        )


async def connect(cell: Cell, role: Role) -> Connection:
    """One connection outside the pools, autocommit. Raises psycopg.OperationalError, LoginRefused, WrongSession."""
    login = cell.name(role)
    try:
        connection = await AsyncConnection.connect(cell.conninfo(role), **SESSION)
    except psycopg.OperationalError as error:
        if (why := refusal(error, login)) is not None:
            raise why from error
        raise
    try:
        await admit(connection, cell, role)
    except BaseException:
        await connection.close()
        raise
    return connection


def refusal(error: psycopg.OperationalError, login: str) -> LoginRefused | None:
    """What the server has against this login; None: it says nothing of it. It names the login in every language that it speaks."""
    last = str(error).strip().rpartition("FATAL:")[2].partition("\n")[0].strip()
    return LoginRefused(login, last) if f'"{login}"' in last or f"»{login}«" in last else None


async def admit(connection: Connection, cell: Cell, role: Role) -> None:
    """Make sure that a new session is the role's own, and as we count on it; the cell knows from it what kind of server it is.

    Raises WrongSession, LoginRefused, psycopg.Error.
    """
    login = cell.name(role)
    values = [f"{LOCKED * 1000:.0f}ms"]
    row = await (await connection.execute(ADMIT, values, prepare=False)).fetchone()
    assert row is not None
    session, current, path, _, cell.distributed = row
    if not session == current == login:
        raise WrongSession(session, current, login)
    if path != ", ".join(SCHEMAS):
        raise LoginRefused(login, f"its search_path is {path}")


async def enter(
    connection: Connection,
    cell: Cell,
    role: Role,
    tenant: UUID,
    *,
    schemas: Sequence[str] = SCHEMAS,
    begin: bytes = b"BEGIN",
) -> None:
    """Begin a transaction of the tenant's, in one round trip. Raises WrongSession, psycopg.Error."""
    values = _context(cell, tenant, schemas)
    if cell.distributed:
        check(await citus.enter(connection, begin, values), cell.name(role))
        return
    async with connection.pipeline():
        await connection.execute(begin)
        cursor = await connection.execute(ENTER if len(values) == 1 else ENTER_PLACE, values)
    row = await cursor.fetchone()
    assert row is not None
    check(row, cell.name(role))


def entering(cell: Cell, tenant: UUID, schemas: Sequence[str] = SCHEMAS) -> tuple[str, list[str]]:
    """For `exchange`: the statement, with its values, that makes a transaction the tenant's. What it says `check` takes."""
    values = _context(cell, tenant, schemas)
    return NUMBERED if len(values) == 1 else NUMBERED_PLACE, values


async def read_distributed(
    connection: Connection,
    cell: Cell,
    role: Role,
    tenant: UUID,
    schemas: Sequence[str],
    statements: Sequence[Statement],
) -> list[list[Row]]:
    """On a Citus: what `exchange` does on a server alone. Raises WrongSession, psycopg.Error."""
    row, found = await citus.read(connection, _context(cell, tenant, schemas), statements)
    check(row, cell.name(role))
    return found


def check(row: Sequence[Any], login: str) -> None:
    """Who the session is in which a transaction was entered. Raises WrongSession."""
    if not row[0] == row[1] == login:
        raise WrongSession(row[0], row[1], login)


def _context(cell: Cell, tenant: UUID, schemas: Sequence[str]) -> list[str]:
    """It goes as a parameter, because a statement's text can be read by all sessions of the same login."""
    return [cell.context(tenant), *([] if schemas == SCHEMAS else [", ".join(schemas)])]
