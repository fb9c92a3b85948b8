"""How far the live projections are behind the log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from infra.postgres.database import Database
from infra.projections.places import SCHEMAS, Place
from projections.base import Projection


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """How far a projection is behind one tenant's log. `seconds`: for so long the oldest event waits that it has not applied; 0: there is none."""

    projection: str
    version: int
    tenant: UUID
    position: int
    behind: int
    seconds: float
    parked: int
    stopped: str | None


class ParkedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a projection could not apply. `error`: the class of what it failed with; `at`: when."""

    tenant: UUID
    position: int
    kind: str
    error: str
    at: datetime


MOST = 100
"""Parked events that are shown of one projection and tenant: the first."""

Owner = tuple[str, int, UUID]
"""Projection, version, tenant."""

BEHIND = "projection_lags(%(names)s::text[], %(tenant)s::uuid)"
"""A row a projection and tenant: infra/schema/380_projection_lags.sql."""

BEHIND_ON_CITUS = """(
    SELECT p.name AS projection, c.version, h.tenant, coalesce(c.seq, 0) AS seq, h.seq - coalesce(c.seq, 0) AS behind,
        CASE WHEN h.seq > coalesce(c.seq, 0) THEN extract(epoch FROM now() - nullif(c.recorded_at, 'epoch')) END AS seconds, c.stopped
    FROM heads h CROSS JOIN unnest(%(names)s::text[]) AS p (name)
    LEFT JOIN cursors c ON c.tenant = h.tenant AND c.projection = p.name
    WHERE %(tenant)s::uuid IS NULL OR h.tenant = %(tenant)s
)"""
"""There the nodes are asked, and by no function that asks again: seconds since what was applied last was recorded."""


async def parked_events(
    system: Database, place: Place = "live", tenant: UUID | None = None
) -> dict[Owner, list[ParkedEvent]]:
    """The first MOST of each projection's parked events in a place, for one tenant or for all. `system` has the role retrace_runner."""
    query = (
        "SELECT projection, version, tenant, seq, topic, error, at FROM (SELECT *, row_number() OVER "
        f"(PARTITION BY projection, version, tenant ORDER BY seq) AS n FROM {SCHEMAS[place]}.parked "
        "WHERE %(tenant)s::uuid IS NULL OR tenant = %(tenant)s) k WHERE n <= %(most)s ORDER BY 1, 3, 4"
    )
    async with system.system() as connection:
        values = {"tenant": tenant, "most": MOST}
        rows = await (await connection.execute(query.encode(), values)).fetchall()
    found: dict[Owner, list[ParkedEvent]] = {}
    for projection, version, owner, position, kind, error, at in rows:
        event = ParkedEvent(tenant=owner, position=position, kind=kind, error=error, at=at)
        found.setdefault((projection, version, owner), []).append(event)
    return found


def behind_on(system: Database) -> str:
    """The rows to ask, of projections `names` and all tenants or `tenant`, as parameters of these names."""
    return BEHIND_ON_CITUS if system.cell.distributed else BEHIND


async def lags(system: Database, projections: Sequence[Projection], tenant: UUID | None = None) -> list[Lag]:
    """Every projection's lag, tenant by tenant, or for one tenant."""
    query = (
        "SELECT l.projection, coalesce(l.version, p.version), l.tenant, l.seq, l.behind, l.seconds, coalesce(k.parked, 0), l.stopped "
        f"FROM {behind_on(system)} l JOIN unnest(%(names)s::text[], %(versions)s::int[]) AS p (name, version) ON p.name = l.projection "
        "LEFT JOIN (SELECT tenant, projection, count(*) AS parked FROM parked GROUP BY 1, 2) k "
        "ON k.tenant = l.tenant AND k.projection = l.projection ORDER BY 1, 3"
    )
    values = {
        "names": [p.name for p in projections],
        "versions": [p.version for p in projections],
        "tenant": tenant,
    }
    async with system.system() as connection:
        rows = await (await connection.execute(query.encode(), values)).fetchall()
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
    query = "SELECT seq FROM cursors WHERE tenant = %s AND projection = %s"
    while True:
        async with database.tenant(tenant) as connection:
            values = [tenant, projection.name]
            row = await (await connection.execute(query, values, prepare=True)).fetchone()
        if row is not None and row[0] >= position:
            return True
        if datetime.now(deadline.tzinfo) >= deadline:
            return False
        await asyncio.sleep(0.01)
