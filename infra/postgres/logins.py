"""Makes what the roles log in with: for each master key a login a role, and the key that signs tenants' contexts.

A login has its role's rights and can't become that role, or any other: it is a member of it WITH INHERIT TRUE, SET FALSE. Only the
builder takes its role's name, with the rights that it has anyway, so that the tables that it makes belong to the role.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier, Literal

from infra.postgres.cell import ROLES, Cell, Login, Role, Signer

Connection = AsyncConnection[tuple[Any, ...]]

SETTINGS = {"search_path": "retrace, public", "lock_timeout": "'10s'"}
"""Of each login, so that no session depends on what its client says first. As `infra/postgres/session.py` wants them."""

TRIES = 20
"""Roles are the server's: another database's `migrate` may be changing the same rows of its catalogue."""

READY = """
SELECT r.rolname::text FROM pg_roles r
WHERE r.rolname = ANY(%s) AND r.rolcanlogin AND r.rolconfig @> %s
    AND EXISTS (SELECT 1 FROM pg_auth_members m WHERE m.member = r.oid AND m.inherit_option AND m.set_option = (r.rolname LIKE 'retrace_builder%%'))
    AND has_database_privilege(r.oid, current_database(), 'CONNECT')
"""
REACHES = r"^(pg_(try_)?advisory_|lo_|lowrite$|loread$|pg_logical_emit_message$|pg_notify$)"
"""Functions of the server that anybody may call, and that write or hold others up: locks by number, large objects, messages."""

CALLABLE = """
SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ %s
    AND has_function_privilege('public', p.oid, 'EXECUTE')
"""
"""Those of them that everybody has still."""

SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"

LOCKS = "pg_advisory_"
"""What our own roles go on using, and whoever owns the database."""

OPEN = """
SELECT has_database_privilege('public', current_database(), 'TEMP') OR has_schema_privilege('public', 'public', 'CREATE')
"""


async def provide(connection: Connection, cell: Cell, *, renew: bool = False) -> None:
    """All that the master keys' holders log in with. `connection` is that of `migrate`; `renew`: make anew also what seems to be in order."""
    if await (await connection.execute(OPEN)).fetchone() == (True,):
        await _close(connection)
    reaches = await (await connection.execute(CALLABLE, [REACHES])).fetchall()
    if reaches and await (await connection.execute(SUPERUSER)).fetchone() == (True,):
        await _take_away(connection, [row[0] for row in reaches])
    known = await (await connection.execute("SELECT master FROM retrace.context_keys")).fetchall()
    for signer in cell.signers:
        if (signer.mark,) not in known:
            await _sign(connection, signer)
        logins = {role: signer.login(role) for role in ROLES}
        names = [login.name for login in logins.values()]
        settings = [f"{name}={value}".replace("'", "") for name, value in SETTINGS.items()]
        ready = {row[0] for row in await (await connection.execute(READY, [names, settings])).fetchall()}
        for role, login in logins.items():
            if renew or login.name not in ready:
                await _make(connection, role, login)


async def retire(connection: Connection, cell: Cell) -> list[str]:
    """Remove what belongs to master keys that are not given any more; the names of the logins that are gone."""
    given = [signer.mark for signer in cell.signers]
    query = "SELECT master FROM retrace.context_keys WHERE NOT master = ANY(%s)"
    gone = [row[0] for row in await (await connection.execute(query, [given])).fetchall()]
    names = [f"{role}_{mark.hex()}" for mark in gone for role in ROLES]

    async def steps() -> None:  # all or none: what is forgotten here is found by nobody any more
        for name in names:
            await connection.execute(SQL("DROP ROLE IF EXISTS {}").format(Identifier(name)))
        await connection.execute("DELETE FROM retrace.context_keys WHERE master = ANY(%s)", [gone])

    await _in_turn(connection, steps)
    return names


async def _sign(connection: Connection, signer: Signer) -> None:
    insert = "INSERT INTO retrace.context_keys VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
    async with connection.transaction():
        await connection.execute("SET LOCAL ROLE retrace_owner")
        await connection.execute(insert, [signer.mark, *signer.pads])


async def _close(connection: Connection) -> None:
    """What a session may make could stand where the next tenant's is looked for: none of ours may make anything."""

    async def steps() -> None:
        await connection.execute(
            SQL("REVOKE TEMPORARY ON DATABASE {} FROM public").format(Identifier(connection.info.dbname))
        )
        await connection.execute("REVOKE CREATE ON SCHEMA public FROM public")

    await _in_turn(connection, steps)


async def _take_away(connection: Connection, functions: Sequence[str]) -> None:
    """From everybody, as an analyst who logs in is anybody."""

    async def steps() -> None:
        for function in functions:
            await connection.execute(f"REVOKE EXECUTE ON FUNCTION {function} FROM public".encode())
            if function.startswith(LOCKS):
                holders = ", ".join((*ROLES, "pg_database_owner"))
                await connection.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {holders}".encode())

    await _in_turn(connection, steps)


async def _make(connection: Connection, role: Role, login: Login) -> None:
    """A login, or what it lacks. Only a hash of its password goes to the server."""
    name, bundle = Identifier(login.name), Identifier(role)
    database = Identifier(connection.info.dbname)
    hashed = connection.pgconn.encrypt_password(
        login.password.encode(), login.name.encode(), b"scram-sha-256"
    ).decode()

    async def steps() -> None:
        there = await connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [login.name])
        verb = SQL("CREATE" if await there.fetchone() is None else "ALTER")
        for step in (
            SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, name, Literal(hashed)),
            SQL("GRANT {} TO {} WITH INHERIT TRUE, SET {}, ADMIN FALSE").format(
                bundle, name, SQL("TRUE" if role == "retrace_builder" else "FALSE")
            ),
            *(
                SQL("ALTER ROLE {} SET {} = {}").format(name, SQL(key), SQL(value))
                for key, value in SETTINGS.items()
            ),
            SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, bundle),
        ):
            await connection.execute(step)

    await _in_turn(connection, steps)


async def _in_turn(connection: Connection, steps: Callable[[], Awaitable[None]]) -> None:
    """In a transaction, made again where another database's `migrate` was quicker."""
    for attempt in range(TRIES):
        try:
            async with connection.transaction():
                await steps()
            return
        # "tuple concurrently updated" has no code of its own.
        except (
            psycopg.errors.UniqueViolation,
            psycopg.errors.DuplicateObject,
            psycopg.errors.InternalError_,
        ):
            if attempt == TRIES - 1:
                raise
            await asyncio.sleep(0.05 * (attempt + 1))
