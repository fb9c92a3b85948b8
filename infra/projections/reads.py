"""Reads of the projections: in the tenant's transaction, as new as the reader needs, with a bounded wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Executable

from application.ports import Unavailable
from domain.base.errors import Ahead
from infra.log.finding import head
from infra.postgres.database import Database
from infra.postgres.exchange import Row
from infra.projections.lag import Lag, Owner, ParkedEvent, lags, parked_events, reached
from infra.projections.sql import TransactionSql, numbered
from projections.base import Projection, Sql

T = TypeVar("T")
PATIENCE = timedelta(seconds=2)
"""How long a read waits for its projection."""


class Reads:
    """`database` is the application's, `system` of role retrace_runner; `patience`, where it is not `PATIENCE`."""

    def __init__(
        self,
        database: Database,
        system: Database,
        projections: Sequence[Projection],
        patience: timedelta | None = None,
    ) -> None:
        self._database = database
        self._system = system
        self._projections = projections
        self._patience = patience

    @asynccontextmanager
    async def at(
        self, tenant: UUID, projection: Projection, at_least: int | None = None
    ) -> AsyncIterator[Sql]:
        """A transaction that sees the projection at position `at_least` or later. Raises Unavailable.

        Raises Ahead for a position that the tenant's log has not come to itself.
        """
        if at_least:
            if at_least > (end := await self.head(tenant)):
                raise Ahead(at_least, end)
            await self._wait(tenant, projection, at_least)
        async with self._database.tenant(tenant) as connection:
            yield TransactionSql(connection)

    async def find(
        self,
        tenant: UUID,
        projection: Projection,
        look: Callable[[Sql], Awaitable[T | None]],
        at_least: int | None = None,
    ) -> T | None:
        """What `look` finds. None is said only when the projection knows all that was in the log when this began."""
        async with self.at(tenant, projection, at_least) as sql:
            if (found := await look(sql)) is not None:
                return found
        await self._wait(tenant, projection, await self.head(tenant))
        async with self._database.tenant(tenant) as connection:
            return await look(TransactionSql(connection))

    async def at_once(self, tenant: UUID, *queries: Executable) -> list[list[Row]]:
        """The rows of each, as the read models are now, in one round trip. Raises Unavailable."""
        return await self._database.read_all(tenant, *map(numbered, queries))

    async def head(self, tenant: UUID) -> int:
        """The position of the tenant's last event; 0 when there is none."""
        return await head(self._database, tenant)

    async def heads(self, tenants: Collection[UUID]) -> dict[UUID, int]:
        """The positions of these tenants' last events; of those that have any."""
        async with self._system.system() as connection:
            query = "SELECT tenant, seq FROM heads WHERE tenant = ANY(%s)"
            rows = await (
                await connection.execute(query, [list(tenants)], binary=True, prepare=True)
            ).fetchall()
        return dict(rows)

    async def lags(self, tenant: UUID | None = None) -> list[Lag]:
        """Every projection's lag, for one tenant or for all."""
        return await lags(self._system, self._projections, tenant)

    async def parked_events(self, tenant: UUID) -> dict[Owner, list[ParkedEvent]]:
        """What the live projections could not apply of this tenant's."""
        return await parked_events(self._system, "live", tenant)

    async def _wait(self, tenant: UUID, projection: Projection, position: int) -> None:
        deadline = datetime.now(UTC) + (PATIENCE if self._patience is None else self._patience)
        if not await reached(self._database, tenant, projection, position, deadline):
            raise Unavailable(
                f"the projection {projection.name} has not come to position {position} yet; try again"
            )
