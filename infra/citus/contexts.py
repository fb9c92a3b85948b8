"""The keys that sign tenants' contexts, on each node: policies are checked where the rows lie, and may ask no other node there."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from application.ports import Fault
from infra.postgres.cell import ROLES, Cell, Role
from infra.postgres.session import Connection

SETTINGS = {"citus.propagate_set_commands": "local"}
"""Of each login, beside those of infra/postgres/logins.py."""

TABLE = "CREATE TABLE IF NOT EXISTS retrace.context_keys (master bytea PRIMARY KEY, inner_pad bytea NOT NULL, outer_pad bytea NOT NULL)"


class NodeRefused(Fault):
    """A node did not take what it has to have."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"a node of this Citus does not take the keys of tenants' contexts ({said}): mend it, then `retrace migrate`"
        )


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


async def forget_logins(connection: Connection, names: Sequence[str]) -> None:
    """On the workers too. Raises NodeRefused."""
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


def missing(role: str, make: Composable) -> Composed:
    """`make`, where there is no such role."""
    text = SQL("BEGIN IF to_regrole({}) IS NULL THEN {}; END IF; END").format(Literal(role), make)
    return SQL("DO {}").format(Literal(text.as_string()))


async def on_workers(connection: Connection, command: Composable) -> None:
    text = "SET citus.enable_ddl_propagation = off; " + command.as_string(connection)
    query = "SELECT success, result FROM run_command_on_workers(%s)"
    for success, result in await (await connection.execute(query, [text])).fetchall():
        if not success:
            raise NodeRefused(str(result))
