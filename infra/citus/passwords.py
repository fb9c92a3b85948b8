"""What nodes log in to each other with, where their pg_hba.conf asks for passwords (scram-sha-256): each node asks another one as whoever asks it.

Citus looks a password up in its table pg_dist_authinfo of the node that asks, which superusers alone can read. Without `retrace migrate
--node-passwords` nothing is there: only hashes of passwords are on servers otherwise.
Source: https://docs.citusdata.com/en/stable/develop/api_metadata.html#connection-credentials-table
"""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.sql import SQL, Identifier, Literal

from infra.citus.nodes import on_workers
from infra.postgres.cell import ROLES, Cell
from infra.postgres.session import Connection

OWNERS = (*ROLES, "retrace_owner", "retrace_publisher", "retrace_registrar", "retrace_analyst")
"""Roles that functions and migrations act as. Nobody has their passwords but nodes."""

EVERY_NODE = 0
KEPT = "SELECT EXISTS (SELECT 1 FROM pg_dist_authinfo WHERE rolename = 'retrace_owner')"
KEEP = SQL(
    "INSERT INTO pg_catalog.pg_dist_authinfo (nodeid, rolename, authinfo) VALUES ({}, {}, {}) "
    "ON CONFLICT (rolename, nodeid) DO UPDATE SET authinfo = excluded.authinfo"
)


async def kept(connection: Connection) -> bool:
    """Whether nodes have passwords."""
    return await (await connection.execute(KEPT)).fetchone() == (True,)


async def give_roles(connection: Connection, cell: Cell) -> None:
    """Roles get passwords, and each node these. Before anything acts as one of them on another node. Raises NodeRefused."""
    passwords = {role: cell.signers[0].node_password(role) for role in OWNERS}
    await connection.execute("SET citus.enable_ddl_propagation = off")
    for role, password in passwords.items():
        hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        change = SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(role), Literal(hashed.decode()))
        await connection.execute(change)
        await on_workers(connection, change)
    await connection.execute("SET citus.enable_ddl_propagation = on")
    await _keep(connection, passwords)


async def give_logins(connection: Connection, cell: Cell) -> None:
    """Each node the passwords of the roles' logins. Raises NodeRefused."""
    logins = [signer.login(role) for signer in cell.signers for role in ROLES]
    await _keep(connection, {login.name: login.password for login in logins})


async def forget(connection: Connection, names: list[str]) -> None:
    """On each node, before these are dropped. Raises NodeRefused."""
    statement = SQL("DELETE FROM pg_catalog.pg_dist_authinfo WHERE rolename = ANY ({})").format(
        Literal(names)
    )
    await connection.execute(statement)
    await on_workers(connection, statement)


async def _keep(connection: Connection, passwords: Mapping[str, str]) -> None:
    for name, password in passwords.items():
        statement = KEEP.format(EVERY_NODE, Literal(name), Literal(f"password={password}"))
        await connection.execute(statement)
        await on_workers(connection, statement)
