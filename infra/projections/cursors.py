"""How far each projection has come, in one place (infra/projections/places.py). A cursor counts only while its projection stands there."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from application.ports import PROJECTION_ALERT_WORK
from domain.base.aggregate import NIL
from domain.base.recorded import Recorded
from infra.log.reader import Batch
from infra.postgres.database import Connection
from infra.projections.places import Place
from projections.base import Projection

log = logging.getLogger("retrace.projector")

HERE = "b.place = %(place)s AND (b.projection, b.version) IN (SELECT * FROM unnest(%(names)s::text[], %(versions)s::int[]))"
"""Builds that stand in this place in the version that this program has."""


class Cursor(msgspec.Struct):
    projection: str
    version: int
    seq: int
    stopped: str | None
    until: int | None


class Cursors:
    """Those of `projections` in `place`. All connections are for names of that place (`places.placed`)."""

    def __init__(self, projections: Sequence[Projection], place: Place) -> None:
        self.place = place
        self._values: dict[str, Any] = {
            "nil": NIL,
            "place": place,
            "names": [projection.name for projection in projections],
            "versions": [projection.version for projection in projections],
        }

    async def known(self, connection: Connection, tenant: UUID) -> list[Cursor]:
        """Where each projection stands; those that have not begun begin at 0."""
        query = (
            "SELECT b.projection, b.version, c.seq, c.stopped, b.until FROM retrace.builds b LEFT JOIN cursors c "
            "ON c.tenant = %(tenant)s AND c.projection = b.projection AND c.version = b.version "
            f"WHERE b.tenant IN (%(tenant)s, %(nil)s) AND {HERE}"
        )
        # One statement looks whether the projection stands here still, and writes: a switch may have come in between.
        first = (
            "INSERT INTO cursors SELECT %(tenant)s, b.projection, b.version, 0, '', 'epoch', NULL FROM retrace.builds b "
            f"WHERE b.tenant IN (%(tenant)s, %(nil)s) AND {HERE} ON CONFLICT DO NOTHING"
        )
        values = self._values | {"tenant": tenant}
        rows = await (await connection.execute(query, values, prepare=True)).fetchall()
        if any(row[2] is None for row in rows):
            await connection.execute(first, values)
            rows = await (await connection.execute(query, values, prepare=True)).fetchall()
        return [Cursor(*row) for row in rows if row[2] is not None]

    async def locked(self, connection: Connection, tenant: UUID, names: Collection[str]) -> list[Cursor]:
        """Those of `names` that nobody else is moving and that are not stopped."""
        query = (
            "SELECT c.projection, c.version, c.seq, c.stopped, b.until FROM cursors c JOIN retrace.builds b "
            "ON b.tenant IN (%(tenant)s, %(nil)s) AND b.projection = c.projection AND b.version = c.version "
            f"WHERE c.tenant = %(tenant)s AND c.projection = ANY(%(some)s) AND c.stopped IS NULL AND {HERE} "
            "FOR UPDATE OF c SKIP LOCKED"
        )
        values = self._values | {"tenant": tenant, "some": list(names)}
        rows = await (await connection.execute(query, values, prepare=True)).fetchall()
        return [Cursor(*row) for row in rows]

    async def behind(self, connection: Connection, tenants: Collection[UUID] | None) -> list[UUID]:
        """Tenants whose log goes on beyond a cursor that is not stopped. `connection` is the runner's."""
        query = (
            "SELECT h.tenant FROM retrace.heads h "
            f"JOIN retrace.builds b ON b.tenant IN (h.tenant, %(nil)s) AND {HERE} "
            "LEFT JOIN cursors c ON c.tenant = h.tenant AND c.projection = b.projection AND c.version = b.version "
            "WHERE (%(tenants)s::uuid[] IS NULL OR h.tenant = ANY(%(tenants)s)) "
            "AND least(h.seq, b.until) > coalesce(c.seq, 0) AND c.stopped IS NULL GROUP BY h.tenant LIMIT 1000"
        )
        values = self._values | {"tenants": None if tenants is None else list(tenants)}
        rows = await (await connection.execute(query, values, prepare=True)).fetchall()
        return [row[0] for row in rows]

    async def move(self, connection: Connection, tenant: UUID, cursor: Cursor, batch: Batch) -> None:
        update = "UPDATE cursors SET seq = %s, hash = %s, recorded_at = %s WHERE tenant = %s AND projection = %s AND version = %s"
        values = [batch.last, batch.hash, batch.recorded_at, tenant, cursor.projection, cursor.version]
        await connection.execute(update, values, prepare=True)

    async def stop(self, connection: Connection, tenant: UUID, cursor: Cursor) -> None:
        """Where the log does not go on, until it does."""
        await self._stop(connection, tenant, cursor, "gap", f"the log does not go on after {cursor.seq}")

    async def stop_at(self, connection: Connection, cursor: Cursor, recorded: Recorded, kind: str) -> None:
        """At an event that can't be applied, until somebody decides what becomes of it. `kind` of error."""
        reason = f"event {recorded.position} can't be applied: {kind}"
        await self._stop(connection, recorded.tenant, cursor, kind, reason, recorded)

    async def _stop(
        self,
        connection: Connection,
        tenant: UUID,
        cursor: Cursor,
        kind: str,
        reason: str,
        event: Recorded | None = None,
    ) -> None:
        log.error("a projection stops", extra={"facts": {**self._facts(tenant, cursor), "reason": reason}})
        update = (
            "UPDATE cursors SET stopped = %s, gap = %s WHERE tenant = %s AND projection = %s AND version = %s"
        )
        values = [reason, kind == "gap", tenant, cursor.projection, cursor.version]
        await connection.execute(update, values)
        facts = f"{self.place}/{kind}/{_now()}"
        await self._alert(connection, tenant, "stopped", cursor, cursor.seq, facts, event)

    async def gaps(self, connection: Connection) -> list[UUID]:
        """Tenants for which a projection stopped because the log did not go on. `connection` is the runner's."""
        query = "SELECT DISTINCT tenant FROM cursors WHERE gap LIMIT 1000"
        return [row[0] for row in await (await connection.execute(query, prepare=True)).fetchall()]

    async def resume(self, connection: Connection, tenant: UUID) -> bool:
        """Let those of a tenant go on that stopped at a gap which is there no more; tells whether there were any."""
        update = (
            "UPDATE cursors c SET stopped = NULL, gap = false WHERE c.tenant = %(tenant)s AND c.gap AND EXISTS "
            "(SELECT 1 FROM retrace.events e WHERE e.tenant = c.tenant AND e.seq = c.seq + 1) "
            "RETURNING c.projection, c.version, c.seq, c.stopped, NULL"
        )
        rows = await (await connection.execute(update, {"tenant": tenant})).fetchall()
        for row in rows:
            cursor = Cursor(*row)
            log.warning(
                "a projection goes on: the gap is closed", extra={"facts": self._facts(tenant, cursor)}
            )
            await self._alert(connection, tenant, "resumed", cursor, cursor.seq, f"{self.place}/{_now()}")
        return bool(rows)

    async def park(self, connection: Connection, cursor: Cursor, recorded: Recorded, kind: str) -> None:
        """Set an event aside. `kind` of error only: texts of errors may be personal."""
        tenant, position = recorded.tenant, recorded.position
        facts = {**self._facts(tenant, cursor), "position": position, "kind": recorded.topic, "error": kind}
        log.error("an event is parked", extra={"facts": facts})
        insert = "INSERT INTO parked VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
        values = [tenant, cursor.projection, cursor.version, position, recorded.topic, kind]
        await connection.execute(insert, values)
        about = f"{recorded.topic}/{kind}"
        await self._alert(connection, tenant, "parked", cursor, position, about, recorded)

    async def _alert(
        self,
        connection: Connection,
        tenant: UUID,
        what: str,
        cursor: Cursor,
        position: int,
        facts: str,
        event: Recorded | None = None,
    ) -> None:
        """Owe an alert (application/operations/projections.py), in the transaction that it is about. `event` led to it."""
        insert = (
            "INSERT INTO retrace.work (tenant, kind, key, due_at, wake_at, correlation, causation) "
            "VALUES (%s, %s, %s, now(), now(), %s, %s) ON CONFLICT DO NOTHING"
        )
        key = f"{what}/{cursor.projection}/{cursor.version}/{position}/{facts}"
        led = [event.correlation, event.id] if event is not None else [None, None]
        await connection.execute(insert, [tenant, PROJECTION_ALERT_WORK, key, *led])

    def _facts(self, tenant: UUID, cursor: Cursor) -> dict[str, Any]:
        return {
            "projection": cursor.projection,
            "version": cursor.version,
            "place": self.place,
            "tenant": str(tenant),
            "position": cursor.seq,
        }


def _now() -> str:
    return datetime.now(UTC).isoformat()
