"""The keys that sign tenants' contexts, on each node: policies are checked where the rows lie, and may ask no other node there."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.sql import SQL, Identifier, Literal

from infra.citus import passwords
from infra.citus.nodes import missing, on_workers
from infra.postgres.cell import ROLES, Cell, Role
from infra.postgres.session import Connection

SETTINGS = {"citus.propagate_set_commands": "local"}
"""Of each login, beside those of infra/postgres/logins.py."""

TABLE = "CREATE TABLE IF NOT EXISTS retrace.context_keys (master bytea PRIMARY KEY, inner_pad bytea NOT NULL, outer_pad bytea NOT NULL)"


async def spread_logins(connection: Connection, cell: Cell) -> None:
    """The keys that the coordinator has, and no other, on each node; and what a login is told here. Safe to repeat. Raises NodeRefused."""
    query = "SELECT master, inner_pad, outer_pad FROM retrace.context_keys"
    rows = await (await connection.execute(query)).fetchall()
    values = SQL(", ").join(SQL("({}, {}, {})").format(*map(Literal, row)) for row in rows)
    known = SQL(", ").join(Literal(row[0]) for row in rows)
    await on_workers(connection, SQL(TABLE))
    await on_workers(connection, SQL("ALTER TABLE retrace.context_keys OWNER TO retrace_owner"))
    insert = SQL("INSERT INTO retrace.context_keys VALUES {} ON CONFLICT DO NOTHING")
    await on_workers(connection, insert.format(values))
    await on_workers(
        connection, SQL("DELETE FROM retrace.context_keys WHERE master NOT IN ({})").format(known)
    )
    for signer in cell.signers:
        for role in ROLES:
            await _login(connection, role, signer.name(role))
    if await passwords.kept(connection):
        await passwords.give_logins(connection, cell)


async def forget_logins(connection: Connection, names: Sequence[str]) -> None:
    """On the workers too. Raises NodeRefused."""
    await passwords.forget(connection, list(names))
    for name in names:
        await on_workers(connection, SQL("DROP ROLE IF EXISTS {}").format(Identifier(name)))


async def _login(connection: Connection, role: Role, login: str) -> None:
    """On the workers too, with the same verifier of its password: the coordinator logs in there as whoever asks it."""
    query = "SELECT rolpassword FROM pg_authid WHERE rolname = %s"
    found = await (await connection.execute(query, [login])).fetchone()
    assert found is not None
    make = SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(login), Literal(found[0]))
    grant = SQL("GRANT {} TO {} WITH INHERIT TRUE, SET FALSE").format(Identifier(role), Identifier(login))
    await on_workers(connection, missing(login, make))
    await on_workers(connection, grant)
    for name, value in SETTINGS.items():
        step = SQL("ALTER ROLE {} SET {} = {}")
        await connection.execute(step.format(Identifier(login), SQL(name), Literal(value)))
