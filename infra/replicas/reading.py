"""Read models and the log, read where a request's sight says; on the primary as ever, where a replica fails or is behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import Insert

from application.ports import Found, Wanted
from domain.base.recorded import Recorded
from infra.crypto.keyring import Keyring
from infra.log.finding import head
from infra.log.reader import PAGE, Reader
from infra.postgres.database import Database
from infra.postgres.exchange import Row
from infra.postgres.session import Connection
from infra.projections.lag import Lag, Owner, ParkedEvent, lags, parked_events
from infra.projections.reads import Reads
from infra.projections.sql import TransactionSql, numbered
from infra.replicas.replica import Replica
from infra.replicas.sight import FAILURES, Sight
from projections.base import Projection, Sql

T = TypeVar("T")
CURSOR = "SELECT seq FROM cursors WHERE tenant = %s AND projection = %s"


class SightReads(Reads):
    """`infra.projections.reads.Reads` of one request."""

    def __init__(
        self,
        database: Database,
        system: Database,
        projections: Sequence[Projection],
        sight: Sight,
        patience: timedelta | None = None,
    ) -> None:
        super().__init__(database, system, projections, patience)
        self._sight = sight

    @asynccontextmanager
    async def at(
        self, tenant: UUID, projection: Projection, at_least: int | None = None
    ) -> AsyncIterator[Sql]:
        async with AsyncExitStack() as stack:
            far = await self._far(stack, tenant, projection, max(at_least or 0, self._sight.least))

            async def near() -> Sql:
                return await stack.enter_async_context(
                    super(SightReads, self).at(tenant, projection, at_least)
                )

            if far is None:
                self._sight.answered(None)
                yield await near()
            else:
                yield _SightSql(*far, near, self._sight)

    async def find(
        self,
        tenant: UUID,
        projection: Projection,
        look: Callable[[Sql], Awaitable[T | None]],
        at_least: int | None = None,
    ) -> T | None:
        """Only the primary says that there is none."""
        async with self.at(tenant, projection, at_least) as sql:
            if (found := await look(sql)) is not None:
                return found
        self._sight.turn_back()
        return await super().find(tenant, projection, look, at_least)

    async def at_once(self, tenant: UUID, *queries: Executable) -> list[list[Row]]:
        return await self._sight.read_all(tenant, *map(numbered, queries))

    async def head(self, tenant: UUID) -> int:
        return await head(self._sight, tenant)

    async def lags(self, tenant: UUID | None = None) -> list[Lag]:
        return await self._of_system(tenant, lambda system: lags(system, self._projections, tenant))

    async def parked_events(self, tenant: UUID) -> dict[Owner, list[ParkedEvent]]:
        return await self._of_system(tenant, lambda system: parked_events(system, "live", tenant))

    async def _of_system(self, tenant: UUID | None, ask: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
        if tenant is not None and (replica := await self._sight.replica(tenant)) is not None:
            try:
                found = await replica.ask(ask(replica.system))
            except FAILURES as error:
                self._sight.turn(replica, error)
            else:
                self._sight.answered(replica)
                return found
        found = await ask(self._system)
        self._sight.answered(None)
        return found

    async def _far(
        self, stack: AsyncExitStack, tenant: UUID, projection: Projection, position: int
    ) -> tuple[Replica, Sql] | None:
        """A transaction at the replica, if the projection has come to this position there."""
        if (replica := await self._sight.replica(tenant)) is None:
            return None
        inside = replica.database.tenant(tenant)
        try:
            connection = await replica.ask(_begun(inside))
            stack.push_async_callback(_left, replica, inside)
            if position:
                rows = await replica.ask(_come_to(connection, tenant, projection))
                if not rows or rows[0][0] < position:
                    self._sight.turn_back()
                    return None
        except FAILURES as error:
            self._sight.turn(replica, error)
            return None
        return replica, TransactionSql(connection)


Inside = AbstractAsyncContextManager[Connection]


async def _begun(inside: Inside) -> Connection:
    return await inside.__aenter__()


async def _come_to(connection: Connection, tenant: UUID, projection: Projection) -> list[Row]:
    return await (await connection.execute(CURSOR, [tenant, projection.name], prepare=True)).fetchall()


async def _ended(inside: Inside) -> None:
    await inside.__aexit__(None, None, None)


async def _left(replica: Replica, inside: Inside) -> None:
    """End a transaction at a replica. All that it was asked for is there, so it does not matter whether it goes well."""
    try:
        await replica.ask(_ended(inside))
    except FAILURES:  # the pool replaces the connection
        return


class _SightSql:
    """Statements at a replica; from the first on that fails there, in a transaction at the primary. Implements `projections.base.Sql`.

    Each statement sees what was committed before it (READ COMMITTED), so that is what it would see anyway, only later.
    """

    def __init__(self, replica: Replica, sql: Sql, near: Callable[[], Awaitable[Sql]], sight: Sight) -> None:
        self._replica, self._sight = replica, sight
        self._far: Sql | None = sql
        self._near = near
        self._found: Sql | None = None

    async def all(self, statement: Executable) -> list[Mapping[str, Any]]:
        return await self._asked(lambda sql: sql.all(statement))

    async def ask(self, statement: Executable, values: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        return await self._asked(lambda sql: sql.ask(statement, values))

    async def run(self, statement: Executable) -> None:
        raise TypeError("what is read elsewhere is not written")

    async def put(self, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        raise TypeError("what is read elsewhere is not written")

    async def _asked(self, use: Callable[[Sql], Coroutine[Any, Any, T]]) -> T:
        if self._far is not None:
            try:
                found = await self._replica.ask(use(self._far))
            except FAILURES as error:
                self._sight.turn(self._replica, error)
                self._far = None
            else:
                self._sight.answered(self._replica)
                return found
        if self._found is None:
            self._found = await self._near()
        found = await use(self._found)
        self._sight.answered(None)
        return found


class SightReader(Reader):
    """`infra.log.reader.Reader` of one request. What names positions is read where those are; keys are the primary's, so what was
    forgotten opens nowhere."""

    def __init__(self, sight: Sight, keyring: Keyring) -> None:
        super().__init__(sight, keyring)
        self._sight = sight

    async def find(self, tenant: UUID, wanted: Wanted, after: int, until: int, limit: int = PAGE) -> Found:
        await self._sight.replica(tenant, until)
        return await super().find(tenant, wanted, after, until, limit)

    async def at(self, tenant: UUID, position: int) -> Recorded:
        await self._sight.replica(tenant, position)
        return await super().at(tenant, position)

    async def several(self, tenant: UUID, positions: Sequence[int]) -> list[Recorded]:
        await self._sight.replica(tenant, max(positions, default=0))
        return await super().several(tenant, positions)
