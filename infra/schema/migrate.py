"""Schema migration: the files of `schema/`, each once, in order; then the roles' logins and the read models' tables."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from psycopg import AsyncConnection

from application.ports import Fault
from infra.citus.contexts import forget_logins, spread_logins
from infra.citus.distributing import MARK, begin_on_citus, digest, distribute
from infra.postgres import logins
from infra.postgres.analyst_roles import provide_analyst_roles
from infra.postgres.cell import Cell
from infra.postgres.citus import on_citus
from infra.postgres.database import opened
from infra.postgres.faults import check_server, explained
from infra.postgres.session import CONNECT, Connection
from infra.projections.read_models import create_read_models

SCHEMA = Path(__file__).parent


class OtherSchema(Fault):
    """The database was made by another state of this program, which no step leads on from."""

    def __init__(self, file: str) -> None:
        super().__init__(
            f"this database was made by another version of Retrace, whose {file} was not this one's; take that version, "
            "or begin with a new database (a new RETRACE_DATA, or another DATABASE_URL)"
        )


async def pending(connection: Connection) -> str | None:
    """What keeps this database from being used by this program; None: nothing. `connection` is of `opened`. Makes nothing."""
    there = await (await connection.execute("SELECT to_regclass('public.retrace_migrations')")).fetchone()
    if there == (None,):
        return "it is not set up yet: start `retrace up`, or run `retrace migrate`"
    query = "SELECT name, to_jsonb(m) ->> 'digest' FROM public.retrace_migrations m"
    done: dict[str, str] = dict(await (await connection.execute(query)).fetchall())
    files = sorted(SCHEMA.glob("*.sql"))
    for file in files:
        if file.name in done and done[file.name] != sha256(file.read_bytes()).hexdigest():
            return str(OtherSchema(file.name))
    missing = [file.name for file in files if file.name not in done]
    if missing:
        return f"{len(missing)} files of this version are not applied: restart the roles with this version, or run `retrace migrate`"
    if await on_citus(connection) and done.get(MARK) is None:
        return "the server is a Citus, and its tables are not on the nodes: run `retrace migrate`"
    if done.get(MARK, digest()) != digest():
        return "what differs on a Citus is of another version: run `retrace migrate` with this one"
    if newer := sorted(done.keys() - {file.name for file in files} - {MARK}):
        return f"it has {newer[-1]}, of a newer version: use that one"
    return None


class NotMigrated(Fault):
    """The database is not of this version's schema, and nobody here may change it."""


class NoCitus(Fault):
    """Nodes are to have passwords where there are none."""

    def __init__(self) -> None:
        super().__init__(
            "this database is on no Citus, so there are no nodes that could log in to each other: leave out --node-passwords"
        )


async def prepare(cell: Cell) -> None:
    """Bring the database up to date, or, where nobody here may, make sure that it is.

    Raises OtherSchema, NotMigrated, LoginRefused, DatabaseUnusable, Unavailable.
    """
    if cell.migrates:
        await migrate(cell)
        return
    with explained(cell.url):
        connection = await opened(cell)
    async with connection:
        await check_server(connection, cell.url)
        if (why := await pending(connection)) is not None:
            raise NotMigrated(f"the database can't be used: {why}")


async def migrate(cell: Cell, *, renew: bool = False, node_passwords: bool = False) -> None:
    """Bring the schema up to date: every file of `schema/` once, in order, then the roles' logins and the read models' tables.

    The cell's URL needs a superuser, or the owner of the database with CREATEROLE. Safe to run from many processes at once; `renew`: logins
    that are there are made as they should be; `node_passwords`: nodes of a Citus log in to each other with passwords from now on. Raises
    OtherSchema, DatabaseUnusable, Unavailable, NoCitus, NoNodes, NodeRefused.
    """
    with explained(cell.url):
        await _migrate(cell, renew, node_passwords)


async def _migrate(cell: Cell, renew: bool, node_passwords: bool) -> None:
    async with await AsyncConnection.connect(
        cell.url, autocommit=True, connect_timeout=CONNECT
    ) as connection:
        await check_server(connection, cell.url)
        # One at a time for this database; other databases of the server may make the same roles at this moment.
        await connection.execute("SELECT pg_advisory_lock(7264)")
        spread = await on_citus(connection)
        if node_passwords and not spread:
            raise NoCitus
        if spread:
            await begin_on_citus(connection, cell, node_passwords)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS public.retrace_migrations "
            "(name text PRIMARY KEY, digest text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
        )
        # By way of JSON, for the first versions had no digests.
        query = "SELECT name, to_jsonb(m) ->> 'digest' FROM public.retrace_migrations m"
        done: dict[str, str] = dict(await (await connection.execute(query)).fetchall())
        changed = False
        for file in sorted(SCHEMA.glob("*.sql")):
            content = file.read_bytes()
            own = sha256(content).hexdigest()
            if file.name in done:
                if done[file.name] != own:
                    raise OtherSchema(file.name)
                continue
            async with connection.transaction():
                if file.name != "000_roles.sql":
                    await connection.execute("SET LOCAL ROLE retrace_owner")
                    await connection.execute("SET LOCAL search_path = retrace, public")
                await connection.execute(content)
                await connection.execute("RESET ROLE")
                await connection.execute(
                    "INSERT INTO public.retrace_migrations (name, digest) VALUES (%s, %s)",
                    [file.name, own],
                )
            changed = True
        if spread:
            await distribute(connection, changed)
        await logins.provide(connection, cell, renew=renew)
        if spread:
            await spread_logins(connection, cell)
        else:
            await provide_analyst_roles(connection)
        await create_read_models(connection)


async def retire(cell: Cell) -> list[str]:
    """Remove the logins of master keys that are not given any more; their names. The cell's URL is that of `migrate`."""
    with explained(cell.url):
        async with await opened(cell) as connection:
            gone = await logins.retire(connection, cell)
            if gone and await on_citus(connection):
                await forget_logins(connection, gone)
                await spread_logins(connection, cell)
            return gone
