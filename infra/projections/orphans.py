"""Copies that nobody keeps up with the log keep no rows of whoever was erased since, and former ones no personal texts.

A copy of another version, as the former one after an upgrade, or one that ends at a position never comes to the event that says
so. Where a key of a tenant's was destroyed after its cursor, that tenant's rows are removed with the cursor: whoever has the
copy's version builds them again from what the log has now. What was switched away by an earlier release, and held texts in clear, is
dropped.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.projections.places import SCHEMAS, Build, builds, placed
from infra.projections.read_models import drop
from projections.base import Projection, held_clear

log = logging.getLogger("retrace.projector")

STILL = 60.0
"""Seconds in which a cursor that somebody keeps up would have moved."""
SLACK = "30 seconds"
"""More than the clocks of those who record events are apart."""


class Orphans:
    """`system` has the role retrace_runner."""

    def __init__(
        self, projections: Sequence[Projection], *, cell: Cell, system: Database, still: float = STILL
    ) -> None:
        self._versions = {projection.name: projection.version for projection in projections}
        self._cell = cell
        self._projections = {projection.name: projection for projection in projections}
        self._system = system
        self._still = still
        self._seen: dict[Any, tuple[int, float]] = {}  # copy and tenant → where its cursor stands, since when
        self._emptied: dict[Any, datetime] = {}  # copy and tenant → the last erasure that was seen to

    async def look(self) -> int:
        """Empty what is to be emptied, and drop what is to be dropped; returns for how many copies' tenants, and copies. Raises Unavailable."""
        done = 0
        for build in await builds(self._system):
            if build.place == "old" and self._held_clear(build):
                await drop(self._cell, build.projection, "old")
                log.info("the former %s is gone: it held texts in clear", build.projection)
                done += 1
                continue
            kept = self._versions.get(build.projection) == build.version and build.until is None
            if build.place == "live" or kept:
                continue
            for tenant, at in await self._concerned(build):
                await self._empty(build, tenant)
                self._emptied[_key(build, tenant)] = at
                done += 1
        return done

    def _held_clear(self, build: Build) -> bool:
        projection = self._projections.get(build.projection)
        return projection is not None and held_clear(projection, build.version)

    async def _concerned(self, build: Build) -> list[tuple[UUID, datetime]]:
        """Tenants with an erasure behind their cursor, which stands still, and when the last one was."""
        query = (
            "SELECT c.tenant, c.seq, d.at FROM {}.cursors c JOIN retrace.heads h ON h.tenant = c.tenant AND h.seq > c.seq "
            "CROSS JOIN LATERAL (SELECT max(at) AS at FROM retrace.destroyed_keys k WHERE k.tenant = c.tenant) d "
            f"WHERE c.projection = %s AND c.version = %s AND c.seq > 0 AND d.at > c.recorded_at - interval '{SLACK}'"
        ).format(SCHEMAS[build.place])
        async with self._system.system() as connection:
            cursor = await connection.execute(query.encode(), [build.projection, build.version])
            rows = await cursor.fetchall()
        now, found = time.monotonic(), []
        for tenant, seq, at in rows:
            key = _key(build, tenant)
            seen, since = self._seen.setdefault(key, (seq, now))
            if seen != seq:
                self._seen[key] = (seq, now)
            elif now - since >= self._still and self._emptied.get(key) != at:
                found.append((tenant, at))
        return found

    async def _empty(self, build: Build, tenant: UUID) -> None:
        schema = SCHEMAS[build.place]
        values = {
            "tenant": tenant,
            "projection": build.projection,
            "place": build.place,
            "begun_at": build.begun_at,
        }
        # Where it was switched or dropped meanwhile, nothing is found: a switch holds the cursors until it is done.
        stands = (
            "EXISTS (SELECT 1 FROM retrace.builds b WHERE b.projection = %(projection)s AND b.place = %(place)s "
            "AND b.begun_at = %(begun_at)s)"
        )
        own = "tenant = %(tenant)s AND projection = %(projection)s"
        async with (
            placed(self._cell, "retrace_projector", build.place, size=1) as database,
            database.tenant(tenant) as connection,
        ):
            gone = f"DELETE FROM {schema}.cursors WHERE {own} AND {stands}"
            if not (await connection.execute(gone.encode(), values)).rowcount:
                return
            for table in build.tables:
                await connection.execute(
                    f"DELETE FROM {schema}.{table} WHERE tenant = %(tenant)s".encode(), values
                )
            await connection.execute(f"DELETE FROM {schema}.parked WHERE {own}".encode(), values)
        log.info(
            "version %s of %s was emptied for one tenant, after an erasure", build.version, build.projection
        )


def _key(build: Build, tenant: UUID) -> Any:
    return build.projection, build.place, build.begun_at, tenant
