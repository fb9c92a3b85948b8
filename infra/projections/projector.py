"""Runs the projections: follows every tenant's log, batch by batch, each event once in effect.

A batch and the cursor that moves past it are one transaction, under a lock on the cursor's row; so any number of projectors
may run. A batch must go on where the cursor stands, number by number: a gap stops the projection for that tenant, until it is closed.
A projector serves one place (infra/projections/places.py), and there the projections that stand in it in the version that it has.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Protocol
from uuid import UUID

import psycopg
from msgspec import structs
from sqlalchemy import delete

from application.ports import Unavailable
from domain.base.recorded import Recorded
from domain.tenancy.tenant import Tenant
from infra.log.reader import Batch, Reader
from infra.postgres.database import Connection, Database
from infra.projections.aside import Aside
from infra.projections.cursors import Cursor, Cursors
from infra.projections.places import Place
from infra.projections.skips import Skips, skips_of
from infra.projections.sql import TransactionSql
from infra.redis.wakeups import Hints
from projections.base import Projection, sees_erased, topics

log = logging.getLogger("retrace.projector")

BATCH = 3000
"""Positions of one transaction."""

ERASED = Tenant.Erased.TOPIC

END = 2**62
"""Beyond every log."""

TURN = 8
"""Batches after which another tenant has its turn: one that writes all the time must not hold up the others."""

ABREAST = 4
"""Tenants that one projector works on at the same time."""


REST = 0.05
"""Seconds of a rest between two looks at the log, at most."""

GAPS = 1.0
"""Seconds between two looks at whether a gap is closed."""


class Unreadable(Exception):
    """A projection wants an event that could not be read."""


class Observer(Protocol):
    """Is told what is done, for the metrics."""

    def applied(self, place: str, positions: int, seconds: float) -> None: ...
    def left_aside(self, place: str, tenants: int) -> None: ...


class Tracing(Protocol):
    """Whoever traces batches."""

    async def applied(
        self, place: str, events: Sequence[Recorded], positions: int, seconds: float
    ) -> None: ...


class Writer(Protocol):
    def tenant(self, tenant: UUID) -> AbstractAsyncContextManager[Connection]: ...


class Within:
    """The transaction that `connection` is in, as a `Writer`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def tenant(self, tenant: UUID) -> AsyncIterator[Connection]:
        async with self._connection.transaction():
            yield self._connection


class Projector:
    """`writer` is a database of role retrace_projector, `system` of role retrace_runner, both of the same place;
    `reader` reads as retrace_projector."""

    def __init__(
        self,
        projections: Sequence[Projection],
        *,
        writer: Writer,
        system: Database,
        reader: Reader,
        hints: Hints,
        place: Place = "live",
        observer: Observer | None = None,
        traces: Tracing | None = None,
    ) -> None:
        self._observer, self._traces = observer, traces
        self._projections = {projection.name: projection for projection in projections}
        self._place = place
        self._skips: dict[UUID, Skips] = {}
        self._cursors = Cursors(projections, place)
        self._writer = writer
        self._system = system
        self._reader = reader
        self._hints = hints
        self._topics = {projection.name: topics([projection]) for projection in projections}
        self._aside = Aside(place)
        self._gaps_at = -GAPS

    def within(self, connection: Connection) -> Projector:
        """This one, writing in the transaction that `connection` is in, which is of its place and of one tenant."""
        return Projector(
            tuple(self._projections.values()),
            writer=Within(connection),
            system=self._system,
            reader=self._reader,
            hints=self._hints,
            place=self._place,
            observer=self._observer,
        )

    async def run(self) -> None:
        """Follow the log until cancelled. A database that is away is waited for.

        After each batch it rests twice as long as that took: what comes meanwhile is the next one.
        """
        pause = 0.1
        hinted: Collection[UUID] | None = None
        async with aclosing(self._hints.listen()) as listening:
            while True:
                began = time.monotonic()
                try:
                    moved = await self.catch_up(hinted, aside=True)
                    pause = 0.1
                    if moved:
                        await asyncio.sleep(min(REST, 2 * (time.monotonic() - began)))
                    heard = await anext(listening)
                    hinted = heard or None
                except (Unavailable, psycopg.OperationalError) as error:
                    log.warning(
                        "the database is away, trying again in %.1f s: %s", pause, type(error).__name__
                    )
                    await asyncio.sleep(pause)
                    pause, hinted = min(pause * 2, 2.0), None

    async def catch_up(self, tenants: Collection[UUID] | None = None, *, aside: bool = False) -> bool:
        """Bring every projection to the end of the log of these tenants (None: of all); whether anything was to be done.

        A tenant whose log can't be read stops the others by its error; with `aside` it is left aside for a while instead.
        """
        await self._look_at_gaps()
        worked = False
        while True:
            async with self._system.system() as connection:
                behind = self._aside.others(await self._cursors.behind(connection, tenants))
            moved = False
            for start in range(0, len(behind), ABREAST):
                some = behind[start : start + ABREAST]
                turns = (self._turn(tenant, aside) for tenant in some)
                moved = any(await asyncio.gather(*turns)) or moved
            if self._observer is not None:
                self._observer.left_aside(self._place, len(self._aside))
            worked = worked or moved
            if not moved:  # all are at the end, or another projector is at it
                return worked

    async def _turn(self, tenant: UUID, aside: bool) -> bool:
        try:
            moved = await self.advance(tenant, batches=TURN)
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:
            if not aside:
                raise
            self._aside.failed(tenant, error)
            return False
        self._aside.went_well(tenant)
        return moved

    async def _look_at_gaps(self) -> None:
        """Go on where a gap was closed."""
        if time.monotonic() - self._gaps_at < GAPS:
            return
        async with self._system.system() as connection:
            tenants = await self._cursors.gaps(connection)
        for tenant in tenants:
            async with self._writer.tenant(tenant) as connection:
                await self._cursors.resume(connection, tenant)
        self._gaps_at = time.monotonic()

    async def advance(self, tenant: UUID, *, until: int | None = None, batches: int | None = None) -> bool:
        """Bring one tenant's projections to the end of its log, or to position `until`; tells whether anything moved.

        At most `batches` are applied; with that, it is left for the next time to find out that there is nothing behind a batch that was
        not full.
        """
        await self._know_skips(tenant)
        moved = False
        ahead: asyncio.Task[Batch | None] | None = None
        asked: Collection[str] = ()
        try:
            while cursors := await self._open(tenant, until):
                after, end = min(c.seq for c in cursors), min(c.until or END for c in cursors)
                names = sorted(cursor.projection for cursor in cursors)
                wanted = topics([self._projections[name] for name in names]) | {ERASED}
                batch = await ahead if ahead is not None else None
                ahead = None
                # What was read ahead is of use if it has what is wanted now: another build may have begun or ended.
                if batch is None or batch.after != after or batch.last > end or asked != names:
                    batch = await self._reader.batch(tenant, after, min(BATCH, end - after), wanted)
                if batch is None:
                    break
                if batch.last - batch.after == BATCH:  # the next is read while this one is applied
                    asked = names
                    ahead = asyncio.create_task(self._reader.batch(tenant, batch.last, BATCH, wanted))
                began = time.monotonic()
                if not await self._apply(tenant, batch, names):
                    break
                took, positions = time.monotonic() - began, batch.last - batch.after
                if self._observer is not None:
                    self._observer.applied(self._place, positions, took)
                if self._traces is not None:
                    await self._traces.applied(self._place, batch.events, positions, took)
                if log.isEnabledFor(logging.DEBUG):
                    facts = {
                        "tenant": str(tenant),
                        "after": batch.after,
                        "last": batch.last,
                        "place": self._place,
                    }
                    log.debug("a batch was applied", extra={"facts": {**facts, "projections": names}})
                moved = True
                full = batch.last - batch.after == BATCH
                if batches is not None and (not full or (batches := batches - 1) == 0):
                    break
            return moved
        finally:
            if ahead is not None:
                ahead.cancel()

    async def _open(self, tenant: UUID, until: int | None) -> list[Cursor]:
        """The cursors that are to move on."""
        async with self._writer.tenant(tenant) as connection:
            cursors = [c for c in await self._cursors.known(connection, tenant) if c.stopped is None]
        if until is not None:
            for cursor in cursors:
                cursor.until = min(until, cursor.until or until)
        return [cursor for cursor in cursors if cursor.until is None or cursor.seq < cursor.until]

    async def _know_skips(self, tenant: UUID) -> None:
        """A copy may come to an event that was decided on meanwhile; the live one is beyond it when it is decided on."""
        if self._place != "live" or tenant not in self._skips:
            self._skips[tenant] = await skips_of(self._reader, tenant)

    def _is_for(self, name: str, recorded: Recorded, batch: Batch) -> bool:
        if recorded.topic not in self._topics[name]:
            return False
        erased = recorded.event is None and recorded.position not in batch.unreadable
        if erased and not sees_erased(self._projections[name]):
            return False
        return (name, recorded.position) not in self._skips.get(recorded.tenant, ())

    async def _apply(self, tenant: UUID, batch: Batch, names: Collection[str]) -> bool:
        """These projections in one transaction; if one fails, each in its own, down to the event that fails."""
        if batch.last == batch.after:
            return await self._stop_at_gap(tenant, batch.after, names)
        try:
            return await self._step(tenant, batch, names)
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:  # noqa: BLE001  # whatever a handler raises: found again and parked below
            facts = {"tenant": str(tenant), "after": batch.after, "last": batch.last}
            facts["error"] = type(error).__name__
            log.warning("a batch failed, looking for the event", extra={"facts": facts})
        moved = False
        for name in names:
            own = [each for each in batch.events if each.topic == ERASED or self._is_for(name, each, batch)]
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
            for cursor in await self._cursors.locked(connection, tenant, names):
                if not batch.after <= cursor.seq < batch.last:  # another projector was quicker
                    continue
                if cursor.until is not None and batch.last > cursor.until:
                    continue
                events = [
                    recorded
                    for recorded in batch.events
                    if recorded.position > cursor.seq and self._is_for(cursor.projection, recorded, batch)
                ]
                if any(each.topic == ERASED and each.position > cursor.seq for each in batch.events):
                    # The whole tenant: it is the end of its log, and what came before holds nothing any more.
                    await self._empty(connection, tenant, cursor.projection)
                elif batch.unreadable and any(each.position in batch.unreadable for each in events):
                    raise Unreadable
                elif events:
                    await self._projections[cursor.projection].apply(events, TransactionSql(connection))
                await self._cursors.move(connection, tenant, cursor, batch)
                moved = True
        return moved

    async def _empty(self, connection: Connection, tenant: UUID, name: str) -> None:
        sql = TransactionSql(connection)
        for table in self._projections[name].tables:
            await sql.run(delete(table).where(table.c.tenant == tenant))

    async def _stop_at_gap(self, tenant: UUID, position: int, names: Collection[str]) -> bool:
        async with self._writer.tenant(tenant) as connection:
            for cursor in await self._cursors.locked(connection, tenant, names):
                if cursor.seq == position:
                    await self._cursors.stop(connection, tenant, cursor)
        return False

    async def _park(self, tenant: UUID, batch: Batch, name: str, error: Exception) -> bool:
        """Set the batch's one event aside, or stop where the projection asks for that."""
        (recorded,) = batch.events
        kind = batch.unreadable.get(recorded.position, type(error).__name__)
        self._skips[tenant] = await skips_of(self._reader, tenant)
        async with self._writer.tenant(tenant) as connection:
            for cursor in await self._cursors.locked(connection, tenant, [name]):
                if not batch.after <= cursor.seq < recorded.position:
                    return False
                if self._is_for(name, recorded, batch):  # nobody has just decided to leave it out
                    if self._projections[name].on_failure == "stop":
                        await self._cursors.stop_at(connection, cursor, recorded, kind)
                        return False
                    await self._cursors.park(connection, cursor, recorded, kind)
                await self._cursors.move(connection, tenant, cursor, batch)
                return True
        return False
