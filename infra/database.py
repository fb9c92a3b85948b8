"""Connections to one cell: a PostgreSQL server with its tenants.

A transaction belongs to one tenant, which row-level security holds it to, or to the system, which sees the
bookkeeping of all tenants and none of their content. Roles are taken at connect time; see docs/log.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from application.ports import Fault, Unavailable

log = logging.getLogger("retrace.database")

Connection = AsyncConnection[tuple[Any, ...]]
Role = Literal[
    "retrace_app", "retrace_writer", "retrace_projector", "retrace_runner", "retrace_eraser", "retrace_keeper"
]

SCHEMA = Path(__file__).parent / "schema"
PATIENCE = 10.0
"""Seconds that a caller waits for a connection before it hears Unavailable."""

CONNECT = 5
"""Seconds for one try to connect. A server that dies at that moment may leave its caller without any answer."""

STARTING = 60.0
"""Seconds that a role which starts waits for a database that is away: one that starts too, recovers, or has no room."""

SCHEMAS = ("retrace", "public")


LOCKED = 10.0
"""Seconds that a statement waits for others' locks; a statement that waits for ever holds its connection for as long."""


def options(role: str, schemas: Sequence[str] = SCHEMAS) -> str:
    """libpq's `options`: the role, the schemas whose names need no prefix, and the longest wait for a lock."""
    return f"-c role={role} -c search_path={','.join(schemas)} -c lock_timeout={LOCKED * 1000:.0f}"


def session(role: str, schemas: Sequence[str] = SCHEMAS) -> dict[str, Any]:
    """What all our connections are opened with."""
    return {
        "autocommit": True,
        "options": options(role, schemas),
        "connect_timeout": CONNECT,
        "client_encoding": "UTF8",
    }


class Database:
    """A pool of connections under one role. Open it before use, close it after."""

    def __init__(
        self, url: str, *, role: Role = "retrace_app", size: int = 10, schemas: Sequence[str] = SCHEMAS
    ) -> None:
        self.url = url
        self.role = role
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=PATIENCE,
            reconnect_timeout=5,
            kwargs=session(role, schemas),
            name=role,
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    async def __aenter__(self) -> Database:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def stats(self) -> dict[str, int]:
        """Of the pool, by psycopg's names."""
        return self._pool.get_stats()

    @asynccontextmanager
    async def tenant(self, tenant: UUID) -> AsyncIterator[Connection]:
        """A transaction that sees and writes this tenant's rows only. Raises Unavailable."""
        # A literal, because set_config() does not travel to the shards of a distributed database.
        async with self._transaction(
            f"BEGIN; SET LOCAL retrace.tenant = '{UUID(bytes=tenant.bytes)}'"
        ) as connection:
            yield connection

    @asynccontextmanager
    async def system(self) -> AsyncIterator[Connection]:
        """A transaction of no tenant. Raises Unavailable."""
        async with self._transaction("BEGIN") as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[Connection]:
        connection = await self._begun(begin)
        try:
            yield connection
            await connection.execute("COMMIT")
        except psycopg.OperationalError as error:
            raise Unavailable(told(error)) from error
        finally:
            await self._give_back(connection)

    async def _begun(self, begin: str) -> Connection:
        """A connection in a transaction. Connections that died in the pool, as after a restart, are passed over."""
        last: Exception | None = None
        for _ in range(self._pool.max_size + 1):
            try:
                connection = await self._pool.getconn()
            except (PoolTimeout, PoolClosed, psycopg.OperationalError) as error:
                last = error
                break
            try:
                await connection.execute(begin)
                return connection
            except psycopg.OperationalError as error:
                last = error
                await self._give_back(connection)
            except BaseException:
                await self._give_back(connection)
                raise
        raise Unavailable("the database does not answer; try again in some seconds") from last

    async def _give_back(self, connection: Connection) -> None:
        """Return it to the pool, rolled back; the pool replaces what is broken."""
        await asyncio.shield(self._returned(connection))

    async def _returned(self, connection: Connection) -> None:
        if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            with suppress(psycopg.OperationalError):
                await connection.rollback()
        await self._pool.putconn(connection)


def told(error: psycopg.Error) -> str:
    """What a caller hears of a fault; never the error's own text, which may be personal."""
    if isinstance(error, psycopg.errors.DiskFull):
        return "the database's disk is full, so nothing was saved; try again once there is room"
    return f"the database does not answer ({type(error).__name__}); try again"


async def wait_for(url: str, seconds: float = STARTING) -> None:
    """Until the server answers, for whoever can't begin without it. Raises Unavailable."""
    deadline, pause = time.monotonic() + seconds, 0.1
    while True:
        try:
            connection = await AsyncConnection.connect(url, connect_timeout=CONNECT)
        except psycopg.OperationalError as error:
            if time.monotonic() + pause > deadline:
                raise Unavailable(f"the database did not answer for {seconds:.0f} s: {error}") from error
            reason = str(error).partition("\n")[0]
            log.warning("the database is away, trying again in %.1f s: %s", pause, reason)
            await asyncio.sleep(pause)
            pause = min(2 * pause, 2.0)
        else:
            await connection.close()
            return


async def connect(url: str, role: Role) -> Connection:
    """One connection outside the pools, autocommit. Raises psycopg.OperationalError."""
    return await AsyncConnection.connect(url, **session(role))


class OtherSchema(Fault):
    """The database was made by another state of this program, which no step leads on from."""

    def __init__(self, file: str) -> None:
        super().__init__(
            f"this database was made by another version of Retrace, whose {file} was not this one's; take that version, "
            "or begin with a new database (a new RETRACE_DATA, or another DATABASE_URL)"
        )


async def pending(connection: Connection) -> str | None:
    """What keeps this database from being used by this program; None: nothing. `connection` is that of `migrate`. Makes nothing."""
    there = await (await connection.execute("SELECT to_regclass('public.retrace_migrations')")).fetchone()
    if there == (None,):
        return "it is not set up yet: start `retrace up`, or a role"
    query = "SELECT name, to_jsonb(m) ->> 'digest' FROM public.retrace_migrations m"
    done: dict[str, str] = dict(await (await connection.execute(query)).fetchall())
    files = sorted(SCHEMA.glob("*.sql"))
    for file in files:
        if file.name in done and done[file.name] != sha256(file.read_bytes()).hexdigest():
            return str(OtherSchema(file.name))
    missing = [file.name for file in files if file.name not in done]
    if missing:
        return f"{len(missing)} files of this version are not applied: restart the roles with this version"
    if newer := sorted(done.keys() - {file.name for file in files}):
        return f"it has {newer[-1]}, of a newer version: use that one"
    return None


async def migrate(url: str) -> None:
    """Bring the schema up to date: every file of `schema/` once, in order, then the read models' tables.

    `url` needs a superuser, or the owner of the database with CREATEROLE. Safe to run from many processes at once. Raises OtherSchema.
    """
    from infra.projections.read_models import create_read_models

    async with await AsyncConnection.connect(url, autocommit=True, connect_timeout=CONNECT) as connection:
        # One at a time over the whole cluster: roles are the cluster's, and a lock of the database would not do.
        await connection.execute("SELECT pg_advisory_lock(7264)")
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS public.retrace_migrations "
            "(name text PRIMARY KEY, digest text NOT NULL, at timestamptz NOT NULL DEFAULT now())"
        )
        # By way of JSON, for the first versions had no digests.
        query = "SELECT name, to_jsonb(m) ->> 'digest' FROM public.retrace_migrations m"
        done: dict[str, str] = dict(await (await connection.execute(query)).fetchall())
        for file in sorted(SCHEMA.glob("*.sql")):
            content = file.read_bytes()
            digest = sha256(content).hexdigest()
            if file.name in done:
                if done[file.name] != digest:
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
                    [file.name, digest],
                )
        await create_read_models(connection)
