"""Runs the projections: follows every tenant's log, batch by batch, each event once in effect.

A batch and the cursor that moves past it are one transaction, under a lock on the cursor's row; so any number of projectors
may run. A batch must go on where the cursor stands, number by number: a gap stops the projection for that tenant.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from msgspec import structs

from application.ports import Unavailable
from domain.recorded import Recorded
from infra.database import Connection, Database
from infra.hints import Hints
from infra.log.reader import Batch, Reader
from infra.sql import TransactionSql
from projections.base import Projection, topics

log = logging.getLogger("retrace.projector")

BATCH = 3000
"""Positions of one transaction."""

ABREAST = 4
"""Tenants that one projector works on at the same time."""


class Gap(Exception):
    """The log does not go on where the cursor stands; nothing is skipped, this projection stops for this tenant."""


class Cursor(msgspec.Struct):
    projection: str
    version: int
    seq: int
    stopped: str | None


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How far a projection is behind one tenant's log."""

    projection: str
    version: int
    tenant: UUID
    position: int
    behind: int
    seconds: float
    parked: int
    stopped: str | None


class Projector:
    """`writer` is a database of role retrace_projector, `system` of role retrace_runner; `reader` reads as retrace_projector."""

    def __init__(
        self,
        projections: Sequence[Projection],
        *,
        writer: Database,
        system: Database,
        reader: Reader,
        hints: Hints,
    ) -> None:
        self._projections = {projection.name: projection for projection in projections}
        self._topics = topics(projections)
        self._writer = writer
        self._system = system
        self._reader = reader
        self._hints = hints

    async def run(self) -> None:
        """Follow the log until cancelled. A database that is away is waited for."""
        pause = 0.1
        hinted: Collection[UUID] | None = None
        listening = self._hints.listen()
        while True:
            try:
                await self.catch_up(hinted)
                pause = 0.1
                heard = await anext(listening)
                hinted = heard or None
            except (Unavailable, psycopg.OperationalError) as error:
                log.warning("the database is away, trying again in %.1f s: %s", pause, type(error).__name__)
                await asyncio.sleep(pause)
                pause, hinted = min(pause * 2, 2.0), None

    async def catch_up(self, tenants: Collection[UUID] | None = None) -> None:
        """Bring every projection to the end of the log of these tenants (None: of all)."""
        while behind := await self._behind(tenants):
            moved = False
            for start in range(0, len(behind), ABREAST):
                some = behind[start : start + ABREAST]
                moved = any(await asyncio.gather(*(self.advance(tenant) for tenant in some))) or moved
            if not moved:  # another projector is at it
                return

    async def advance(self, tenant: UUID) -> bool:
        """Bring one tenant's projections to the end of its log; tells whether anything moved."""
        moved = False
        ahead: asyncio.Task[Batch | None] | None = None
        try:
            while cursors := [c for c in await self._cursors(tenant) if c.stopped is None]:
                after = min(cursor.seq for cursor in cursors)
                batch = await ahead if ahead is not None else None
                if batch is None or batch.after != after:
                    batch = await self._reader.batch(tenant, after, BATCH, self._topics)
                ahead = None
                if batch is None:
                    break
                if batch.last - batch.after == BATCH:  # the next is read while this one is applied
                    reading = self._reader.batch(tenant, batch.last, BATCH, self._topics)
                    ahead = asyncio.create_task(reading)
                if not await self._apply(tenant, batch):
                    break
                moved = True
            return moved
        finally:
            if ahead is not None:
                ahead.cancel()

    async def _apply(self, tenant: UUID, batch: Batch) -> bool:
        """All projections in one transaction; if one fails, each in its own, down to the event that fails."""
        if batch.last == batch.after:
            return await self._stop_at_gap(tenant, batch.after)
        try:
            return await self._step(tenant, batch, self._projections)
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:  # noqa: BLE001  # whatever a handler raises: found again and parked below
            log.warning("a batch failed (%s), looking for the event", type(error).__name__)
        moved = False
        for name, projection in self._projections.items():
            own = [recorded for recorded in batch.events if _is_for(projection, recorded)]
            moved = await self._narrow(tenant, structs.replace(batch, events=own), name) or moved
        return moved

    async def _narrow(self, tenant: UUID, batch: Batch, name: str) -> bool:
        """Apply what can be applied; halve what can't, until one event is left, and park that."""
        try:
            return await self._step(tenant, batch, [name])
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:  # noqa: BLE001  # goes into the parked row
            if len(batch.events) > 1:
                first, second = batch.halves()
                moved = await self._narrow(tenant, first, name)
                return await self._narrow(tenant, second, name) or moved
            return await self._park(tenant, batch, name, error)

    async def _step(self, tenant: UUID, batch: Batch, names: Collection[str]) -> bool:
        """One transaction: lock the cursors, apply what lies between them and the batch's end, move them."""
        moved = False
        async with self._writer.tenant(tenant) as connection:
            for cursor in await self._locked(connection, tenant, names):
                if not batch.after <= cursor.seq < batch.last:  # another projector was quicker
                    continue
                projection = self._projections[cursor.projection]
                events = [
                    recorded
                    for recorded in batch.events
                    if recorded.position > cursor.seq and _is_for(projection, recorded)
                ]
                if events:
                    await projection.apply(events, TransactionSql(connection))
                await self._move(connection, tenant, cursor, batch)
                moved = True
        return moved

    async def _locked(self, connection: Connection, tenant: UUID, names: Collection[str]) -> list[Cursor]:
        """The cursors that nobody else is moving."""
        query = (
            "SELECT projection, version, seq, stopped FROM cursors "
            "WHERE tenant = %s AND projection = ANY(%s) AND stopped IS NULL FOR UPDATE SKIP LOCKED"
        )
        rows = await (await connection.execute(query, [tenant, list(names)], prepare=True)).fetchall()
        cursors = [Cursor(*row) for row in rows]
        return [c for c in cursors if self._projections[c.projection].version == c.version]

    async def _cursors(self, tenant: UUID) -> list[Cursor]:
        """Where each projection stands; those that have not begun begin at 0."""
        query = "SELECT projection, version, seq, stopped FROM cursors WHERE tenant = %s"
        async with self._writer.tenant(tenant) as connection:
            rows = await (await connection.execute(query, [tenant], prepare=True)).fetchall()
            known = {(row[0], row[1]): Cursor(*row) for row in rows}
            for projection in self._projections.values():
                key = (projection.name, projection.version)
                if key not in known:
                    insert = (
                        "INSERT INTO cursors VALUES (%s, %s, %s, 0, '', 'epoch', NULL) ON CONFLICT DO NOTHING"
                    )
                    await connection.execute(insert, [tenant, *key])
                    known[key] = Cursor(*key, 0, None)
        return [
            cursor
            for key, cursor in known.items()
            if key in {(p.name, p.version) for p in self._projections.values()}
        ]

    async def _behind(self, tenants: Collection[UUID] | None) -> list[UUID]:
        """Tenants whose log goes on beyond a cursor that is not stopped."""
        query = (
            "SELECT h.tenant FROM heads h CROSS JOIN unnest(%(names)s::text[], %(versions)s::int[]) AS p (name, version) "
            "LEFT JOIN cursors c ON c.tenant = h.tenant AND c.projection = p.name AND c.version = p.version "
            "WHERE (%(tenants)s::uuid[] IS NULL OR h.tenant = ANY(%(tenants)s)) "
            "AND h.seq > coalesce(c.seq, 0) AND c.stopped IS NULL GROUP BY h.tenant LIMIT 1000"
        )
        projections = self._projections.values()
        values = {
            "names": [p.name for p in projections],
            "versions": [p.version for p in projections],
            "tenants": None if tenants is None else list(tenants),
        }
        async with self._system.system() as connection:
            return [
                row[0] for row in await (await connection.execute(query, values, prepare=True)).fetchall()
            ]

    async def _move(self, connection: Connection, tenant: UUID, cursor: Cursor, batch: Batch) -> None:
        update = "UPDATE cursors SET seq = %s, hash = %s, recorded_at = %s WHERE tenant = %s AND projection = %s AND version = %s"
        values = [batch.last, batch.hash, batch.recorded_at, tenant, cursor.projection, cursor.version]
        await connection.execute(update, values, prepare=True)

    async def _stop_at_gap(self, tenant: UUID, position: int) -> bool:
        async with self._writer.tenant(tenant) as connection:
            for cursor in await self._locked(connection, tenant, self._projections):
                if cursor.seq == position:
                    await self._stop(connection, tenant, cursor, f"the log does not go on after {position}")
        return False

    async def _stop(self, connection: Connection, tenant: UUID, cursor: Cursor, reason: str) -> None:
        log.error("projection %s stops for tenant %s: %s", cursor.projection, tenant, reason)
        update = "UPDATE cursors SET stopped = %s WHERE tenant = %s AND projection = %s AND version = %s"
        await connection.execute(update, [reason, tenant, cursor.projection, cursor.version])

    async def _park(self, tenant: UUID, batch: Batch, name: str, error: Exception) -> bool:
        """Set the batch's one event aside, or stop where the projection asks for that. Texts of errors may be personal, so
        only their kinds are kept."""
        projection, (recorded,) = self._projections[name], batch.events
        async with self._writer.tenant(tenant) as connection:
            for cursor in await self._locked(connection, tenant, [name]):
                if not batch.after <= cursor.seq < recorded.position:
                    return False
                kind = type(error).__name__
                if projection.on_failure == "stop":
                    reason = f"event {recorded.position} can't be applied: {kind}"
                    await self._stop(connection, tenant, cursor, reason)
                    return False
                log.error(
                    "projection %s parks event %s of tenant %s: %s", name, recorded.position, tenant, kind
                )
                insert = "INSERT INTO parked VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
                values: list[Any] = [tenant, name, cursor.version, recorded.position, recorded.topic, kind]
                await connection.execute(insert, values)
                await self._move(connection, tenant, cursor, batch)
                return True
        return False


def _is_for(projection: Projection, recorded: Recorded) -> bool:
    return type(recorded.event) in projection.events


async def lags(system: Database, projections: Sequence[Projection], tenant: UUID | None = None) -> list[Lag]:
    """Every projection's lag, tenant by tenant, or for one tenant."""
    query = (
        "SELECT p.name, p.version, h.tenant, coalesce(c.seq, 0), h.seq - coalesce(c.seq, 0), "
        "CASE WHEN h.seq > coalesce(c.seq, 0) THEN extract(epoch FROM now() - nullif(c.recorded_at, 'epoch')) END, "
        "(SELECT count(*) FROM parked k WHERE k.tenant = h.tenant AND k.projection = p.name AND k.version = p.version), c.stopped "
        "FROM heads h CROSS JOIN unnest(%(names)s::text[], %(versions)s::int[]) AS p (name, version) "
        "LEFT JOIN cursors c ON c.tenant = h.tenant AND c.projection = p.name AND c.version = p.version "
        "WHERE %(tenant)s::uuid IS NULL OR h.tenant = %(tenant)s ORDER BY 1, 3"
    )
    values = {
        "names": [p.name for p in projections],
        "versions": [p.version for p in projections],
        "tenant": tenant,
    }
    async with system.system() as connection:
        rows = await (await connection.execute(query, values)).fetchall()
    return [
        Lag(
            projection=name,
            version=version,
            tenant=owner,
            position=position,
            behind=behind,
            seconds=float(seconds or 0),
            parked=parked,
            stopped=stopped,
        )
        for name, version, owner, position, behind, seconds, parked, stopped in rows
    ]


async def reached(
    database: Database, tenant: UUID, projection: Projection, position: int, deadline: datetime
) -> bool:
    """Wait until a projection has come to `position` of a tenant's log, at most until `deadline`; tells whether it has."""
    query = "SELECT seq FROM cursors WHERE tenant = %s AND projection = %s AND version = %s"
    while True:
        async with database.tenant(tenant) as connection:
            values = [tenant, projection.name, projection.version]
            row = await (await connection.execute(query, values, prepare=True)).fetchone()
        if row is not None and row[0] >= position:
            return True
        if datetime.now(deadline.tzinfo) >= deadline:
            return False
        await asyncio.sleep(0.01)
