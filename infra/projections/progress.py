"""How far the copies of read models are: behind the log, and behind what they are to replace."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from uuid import UUID

import msgspec

from domain.base.errors import Refused
from infra.postgres.database import Connection, Database
from infra.projections.places import SCHEMAS, Build, Place

NEAR = 1000
"""Positions that are caught up within moments: a copy that is no further behind has caught up with a log that goes on."""

LOOK = 0.05
"""Seconds between two looks."""

STILL = 2.0
"""Seconds in which a copy that is far behind must come nearer, or the switch is refused; they are counted by looks, of which none counts for more
than `LATE`: where this process or the machine stood still, the projector had no time either."""

LATE = 4 * LOOK


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Positions of all its tenants together. `stopped` says why the first of those that do not go on doesn't."""

    done: int
    total: int
    parked: int
    stopped: str | None


async def progress(system: Database, build: Build) -> Progress:
    """`system` has the role retrace_runner."""
    schema = SCHEMAS[build.place]
    query = (
        "SELECT coalesce(sum(coalesce(c.seq, 0)), 0)::bigint, coalesce(sum(least(h.seq, %(until)s::bigint)), 0)::bigint, "
        "min(c.stopped) "
        f"FROM retrace.heads h LEFT JOIN {schema}.cursors c ON c.tenant = h.tenant AND c.projection = %(name)s "
        "WHERE %(tenant)s::uuid IS NULL OR h.tenant = %(tenant)s"
    )
    values = {"until": build.until, "name": build.projection, "tenant": build.scope()}
    aside = f"SELECT count(*) FROM {schema}.parked WHERE projection = %(name)s"
    async with system.system() as connection:
        row = await (await connection.execute(query.encode(), values)).fetchone()
        parked = await (await connection.execute(aside.encode(), values)).fetchone()
    assert row is not None
    assert parked is not None
    return Progress(done=row[0], total=row[1], parked=parked[0], stopped=row[2])


async def behind_live(connection: Connection, build: Build) -> Sequence[tuple[UUID, int, int, str | None]]:
    """Tenants for which a copy is behind the live one: tenant, position of the live one, of the copy, why it has stopped.

    `connection` is the owner's or the runner's.
    """
    query = (
        "SELECT l.tenant, l.seq, coalesce(c.seq, 0), c.stopped FROM retrace.cursors l "
        f"LEFT JOIN {SCHEMAS[build.place]}.cursors c ON c.tenant = l.tenant AND c.projection = l.projection "
        "WHERE l.projection = %(name)s AND (%(tenant)s::uuid IS NULL OR l.tenant = %(tenant)s) AND coalesce(c.seq, 0) < l.seq"
    )
    values = {"name": build.projection, "tenant": build.scope()}
    return await (await connection.execute(query.encode(), values)).fetchall()


async def behind_log(connection: Connection, build: Build) -> Sequence[UUID]:
    """Tenants for which a copy is behind the log and may go on. `connection` is the runner's."""
    query = (
        f"SELECT h.tenant FROM retrace.heads h LEFT JOIN {SCHEMAS[build.place]}.cursors c "
        "ON c.tenant = h.tenant AND c.projection = %(name)s "
        "WHERE (%(tenant)s::uuid IS NULL OR h.tenant = %(tenant)s) AND h.seq > coalesce(c.seq, 0) AND c.stopped IS NULL"
    )
    values = {"name": build.projection, "tenant": build.scope()}
    return [row[0] for row in await (await connection.execute(query.encode(), values)).fetchall()]


async def parked(system: Database, name: str, place: Place, tenant: UUID) -> dict[int, str]:
    """Position → kind of error of what a projection could not apply."""
    query = (
        f"SELECT seq, error FROM {SCHEMAS[place]}.parked WHERE tenant = %s AND projection = %s ORDER BY seq"
    )
    async with system.system() as connection:
        rows = await (await connection.execute(query.encode(), [tenant, name])).fetchall()
    return {row[0]: row[1] for row in rows}


async def come_near(system: Database, copy: Build) -> None:
    """Wait for the projectors that bring the copy near the live one; right after a switch they have just begun to keep up the former one.

    Raises Refused when it does not come nearer, or has stopped.
    """
    least, still, looked = float("inf"), 0.0, time.monotonic()
    while True:
        async with system.system() as connection:
            behind = await behind_live(connection, copy)
        for tenant, _, _, stopped in behind:
            if stopped:
                raise Refused(
                    f"this copy of {copy.projection} is not caught up: for tenant {tenant}, {stopped}"
                )
        left = sum(live - done for _, live, done, _ in behind)
        if left <= NEAR:
            return
        before, looked = looked, time.monotonic()
        still = 0.0 if left < least else still + min(looked - before, LATE)
        least = min(least, left)
        if still > STILL:
            raise Refused(
                f"this copy of {copy.projection} is not caught up: {left} events behind, and comes no nearer; "
                "is a projector running? It, or a new rebuild, brings it up"
            )
        await asyncio.sleep(LOOK)
