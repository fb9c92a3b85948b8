"""Connections to one cell: a PostgreSQL server with its tenants.

A transaction belongs to one tenant, which row-level security holds it to, or to the system, which sees the
bookkeeping of all tenants and none of their content. Each role logs in as itself; see docs/decisions/0003-logins.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from application.ports import Fault, Unavailable
from infra.postgres import citus
from infra.postgres.cell import Cell, Role
from infra.postgres.exchange import Row, Statement, exchange
from infra.postgres.fair_queue import FairQueue
from infra.postgres.faults import DatabaseUnusable, check_server, trouble_of
from infra.postgres.session import CONNECT as CONNECT  # whoever connects by other ways keeps to it
from infra.postgres.session import (
    SCHEMAS,
    SESSION,
    WrongSession,
    admit,
    check,
    connect,
    enter,
    entering,
    read_distributed,
)
from infra.postgres.session import Connection as Connection
from infra.waits import STARTING as STARTING

T = TypeVar("T")
log = logging.getLogger("retrace.database")

PATIENCE = 10.0
"""Seconds that a caller waits for a connection before it hears Unavailable."""

LEAST = 0.05
"""Seconds of it that are left at least for whoever has come to its turn late."""

PASSING: tuple[type[psycopg.Error], ...] = (psycopg.OperationalError,)


class Asking(Protocol):
    """What asks for a tenant's rows. A `Database` does, and so does whoever chooses between several."""

    def tenant(self, tenant: UUID) -> AbstractAsyncContextManager[Connection]:
        """As `Database.tenant`."""

    async def read(self, tenant: UUID, statement: str, *values: Any) -> list[Row]:
        """As `Database.read`."""

    async def read_all(self, tenant: UUID, *statements: Statement) -> list[list[Row]]:
        """As `Database.read_all`."""


AWAY = "the database does not answer; try again in some seconds"


class Database:
    """A pool of connections under one role, which tenants have in turn. Open it before use, close it after."""

    def __init__(
        self,
        cell: Cell,
        *,
        role: Role = "retrace_app",
        size: int = 10,
        schemas: Sequence[str] = SCHEMAS,
        patience: float | None = None,
    ) -> None:
        """`patience`: seconds that a caller waits for a connection, where it is not `PATIENCE`."""
        self.cell = cell
        self.role = role
        self._schemas = tuple(schemas)
        self._turns = FairQueue(size)
        self._patience = patience
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            cell.conninfo(role),
            min_size=1,
            max_size=size,
            open=False,
            timeout=PATIENCE,
            reconnect_timeout=5,
            kwargs=SESSION,
            configure=self._admitted,
            name=role,
        )

    async def open(self) -> None:
        """Raises LoginRefused, WrongSession. A database that is away is come back to by whoever needs it."""
        with suppress(psycopg.OperationalError):
            await (await connect(self.cell, self.role)).close()
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    async def __aenter__(self) -> Database:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def stats(self) -> dict[str, int]:
        """Of the pool, by psycopg's names; whoever waits for a turn waits for the pool."""
        found, turns = self._pool.get_stats(), self._turns
        for name, more in (
            ("requests_waiting", turns.waiting),
            ("requests_wait_ms", round(1000 * turns.waited)),
            ("requests_errors", turns.refused),
        ):
            found[name] = found.get(name, 0) + more
        return found

    @asynccontextmanager
    async def tenant(self, tenant: UUID) -> AsyncIterator[Connection]:
        """A transaction that sees and writes this tenant's rows only. Raises Unavailable."""
        async with self._transaction(tenant, tenant) as connection:
            yield connection

    @asynccontextmanager
    async def system(self, who: Hashable = None) -> AsyncIterator[Connection]:
        """A transaction of no tenant. `who`: on whose behalf, and so in whose line for a connection. Raises Unavailable."""
        async with self._transaction(None, who) as connection:
            yield connection

    async def read(self, tenant: UUID, statement: str, *values: Any) -> list[Row]:
        """The rows that a statement reads of this tenant's, in one round trip; its values stand in it as $1, $2 … Raises Unavailable.

        Where the connection dies meanwhile it is asked again on another one: it only reads.
        """
        (rows,) = await self.read_all(tenant, (statement, values))
        return rows

    async def read_all(self, tenant: UUID, *statements: Statement) -> list[list[Row]]:
        """As `read`, of several statements in one round trip. Each sees what was committed before it began."""
        until = await self._enter(tenant)
        try:
            connection, found = await self._first(until, partial(self._asked, tenant, statements))
            await self._give_back(connection)
            return found
        finally:
            self._turns.leave()

    @property
    def _passing(self) -> tuple[type[psycopg.Error], ...]:
        """What may be over when it is tried again."""
        return citus.PASSING if self.cell.distributed else PASSING

    async def _enter(self, who: Hashable) -> float:
        """Have a place; until when (monotonic) a connection is waited for."""
        patience = PATIENCE if self._patience is None else self._patience
        until = time.monotonic() + patience
        try:
            await self._turns.enter(who, patience)
        except TimeoutError as error:
            raise Unavailable(AWAY) from error
        return until

    @asynccontextmanager
    async def _transaction(self, tenant: UUID | None, who: Hashable) -> AsyncIterator[Connection]:
        until = await self._enter(who)
        try:
            connection, _ = await self._first(until, partial(self._begin, tenant))
            try:
                yield connection
                await connection.execute("COMMIT")
            except self._passing as error:
                raise Unavailable(told(error)) from error
            finally:
                await self._give_back(connection)
        finally:
            self._turns.leave()

    async def _asked(
        self, tenant: UUID, statements: Sequence[Statement], connection: Connection
    ) -> list[list[Row]]:
        try:
            if self.cell.distributed:
                return await read_distributed(
                    connection, self.cell, self.role, tenant, self._schemas, statements
                )
            (entered,), *found = await exchange(
                connection, entering(self.cell, tenant, self._schemas), *statements
            )
        except self._passing as error:
            if connection.closed:
                raise
            raise Unavailable(told(error)) from error
        check(entered, self.cell.name(self.role))
        return found

    async def _begin(self, tenant: UUID | None, connection: Connection) -> None:
        if tenant is not None:
            await enter(connection, self.cell, self.role, tenant, schemas=self._schemas)
        elif self._schemas == SCHEMAS:
            await connection.execute(b"BEGIN")
        else:
            async with (
                connection.pipeline()
            ):  # one statement each: a Citus sends on a message of several as it is
                await connection.execute(b"BEGIN")
                await connection.execute(f"SET LOCAL search_path = {', '.join(self._schemas)}".encode())

    async def _admitted(self, connection: Connection) -> None:
        """The pool asks for each new connection, and throws it away when this raises."""
        try:
            await admit(connection, self.cell, self.role)
        except Fault as error:
            log.error("%s", error)
            raise

    async def _first(self, until: float, use: Callable[[Connection], Awaitable[T]]) -> tuple[Connection, T]:
        """A connection, and what came of its first use. Those that died in the pool, as after a restart, are passed over."""
        last: Exception | None = None
        for _ in range(self._pool.max_size + 1):
            try:
                connection = await self._pool.getconn(max(LEAST, until - time.monotonic()))
            except (PoolTimeout, PoolClosed, psycopg.OperationalError) as error:
                last = error
                break
            try:
                return connection, await use(connection)
            except self._passing as error:
                last = error
                await self._give_back(connection)
            except WrongSession as error:
                log.error("%s", error)
                last = error
                await connection.close()
                await self._give_back(connection)
            except BaseException:
                await self._give_back(connection)
                raise
        raise Unavailable(AWAY) from last

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


async def wait_for(cell: Cell, seconds: float = STARTING) -> None:
    """Until the server answers, for whoever can't begin without it.

    Raises Unavailable after so many seconds; what does not pass by itself at once: DatabaseUnusable, LoginRefused, WrongSession.
    """
    deadline, pause = time.monotonic() + seconds, 0.1
    while True:
        try:
            async with await opened(cell) as connection:
                await check_server(connection, cell.url)
            return
        except psycopg.OperationalError as error:
            trouble = trouble_of(error, cell.url)
            if not trouble.passing:
                raise DatabaseUnusable(trouble.text) from error
            if time.monotonic() + pause > deadline:
                raise Unavailable(
                    trouble.text + (f" (tried for {seconds:.0f} s)" if seconds else "")
                ) from error
            log.warning("trying again in %.1f s: %s", pause, trouble.text)
            await asyncio.sleep(pause)
            pause = min(2 * pause, 2.0)


async def opened(cell: Cell) -> Connection:
    """A connection of whoever migrates, or, where nobody here may, of the role that sees the bookkeeping.

    Raises psycopg.OperationalError, LoginRefused, WrongSession.
    """
    if cell.migrates:
        return await AsyncConnection.connect(cell.url, autocommit=True, connect_timeout=CONNECT)
    return await connect(cell, "retrace_runner")
