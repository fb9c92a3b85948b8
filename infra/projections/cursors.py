"""How far each projection has come, in one place (infra/projections/places.py). A cursor counts only while its projection stands there."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec

from domain.base import NIL
from domain.recorded import Recorded
from infra.database import Connection
from infra.log.reader import Batch
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

    async def stop(self, connection: Connection, tenant: UUID, cursor: Cursor, reason: str) -> None:
        log.error("projection %s stops for tenant %s: %s", cursor.projection, tenant, reason)
        update = "UPDATE cursors SET stopped = %s WHERE tenant = %s AND projection = %s AND version = %s"
        await connection.execute(update, [reason, tenant, cursor.projection, cursor.version])

    async def park(self, connection: Connection, cursor: Cursor, recorded: Recorded, kind: str) -> None:
        """Set an event aside. `kind` of error only: texts of errors may be personal."""
        name, tenant, position = cursor.projection, recorded.tenant, recorded.position
        log.error("projection %s parks event %s of tenant %s: %s", name, position, tenant, kind)
        insert = "INSERT INTO parked VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
        await connection.execute(insert, [tenant, name, cursor.version, position, recorded.topic, kind])
