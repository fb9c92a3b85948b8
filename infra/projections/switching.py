"""Puts a copy of a read model in place of the live one, in one transaction.

The cursors of the live one are held still, the copy comes to where they stand, and the tables change their schemas. So a reader
finds all rows that it found before, and more. Readers wait only for the last step, and it gives way to them when it can't have its
turn at once: a lock that waits makes all who come after it wait.
"""

from __future__ import annotations

import asyncio
import time
from uuid import UUID

from psycopg.errors import LockNotAvailable
from psycopg.sql import Literal

from application.ports import Unavailable
from domain.errors import Conflict, Refused
from infra.database import Connection
from infra.projections.places import SCHEMAS, Build, Place, as_owner
from infra.projections.progress import behind_live
from infra.projections.read_models import create_at, drop_at, forget, hold, note
from infra.projections.rebuild import NEAR, Workshop
from projections.base import Projection

PATIENCE = 15.0
"""Seconds in which the switch tries to have its turn."""

TURN = "60ms"
"""How long it waits for readers, and they behind it, at a time."""


async def switch(shop: Workshop, *, back: bool = False, keep: bool = True) -> float:
    """Put `next` in place and keep what was live as `old`; with `back`, put `old` in place and keep what was live as `next`.

    A copy of one tenant takes the place of that tenant's rows only; without `keep` those that were live are dropped.
    Returns the seconds for which the live one was held still. Raises NotFound, Refused, Unavailable.
    """
    source: Place = "old" if back else "next"
    copy = await shop.copy(source)
    _check(copy, shop)
    deadline = time.monotonic() + PATIENCE
    while True:
        await _catch_up(shop, copy)
        try:
            async with as_owner(shop.url) as connection:
                await connection.execute(b"SET LOCAL lock_timeout = '2s'; SET LOCAL enable_nestloop = off")
                await hold(connection, "live")
                began = time.perf_counter()
                await _exchange(connection, shop, copy, "next" if back else "old", keep)
            took = time.perf_counter() - began
            async with as_owner(shop.url) as connection:
                await forget(connection, copy.projection, source)
            return took
        except (LockNotAvailable, _Behind):
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"long transactions hold {copy.projection}, so nothing was switched; try again"
                ) from None
            await asyncio.sleep(0.1)  # those who waited behind us go first


class _Behind(Exception):
    """The copy did not come to where the live one stands."""


def _check(copy: Build, shop: Workshop) -> None:
    name, version = copy.projection, shop.projection.version
    if copy.until is not None:
        raise Refused(
            f"this copy of {name} ends at position {copy.until}: it is for looking at; rebuild without --to"
        )
    if copy.version != version:
        raise Refused(
            f"this copy of {name} is of version {copy.version}, this program of version {version}; "
            "switch it with the program of its version"
        )
    if copy.built_at is None:
        raise Refused(f"this copy of {name} is not caught up: it is still being built; wait, or rebuild it")


async def _catch_up(shop: Workshop, copy: Build) -> None:
    """Bring the copy to where the live one stands, while that goes on. Raises Refused when it is far behind, or has stopped."""
    async with shop.system.system() as connection:
        behind = await behind_live(connection, copy)
    for tenant, _, _, stopped in behind:
        if stopped:
            raise Refused(f"this copy of {copy.projection} is not caught up: for tenant {tenant}, {stopped}")
    left = sum(live - done for _, live, done, _ in behind)
    if left > NEAR:
        raise Refused(
            f"this copy of {copy.projection} is not caught up: {left} events behind; "
            "is a projector running? It, or a new rebuild, brings it up"
        )
    for tenant, live, _, _ in behind:
        await shop.projectors[copy.place].advance(tenant, until=live)


async def _exchange(connection: Connection, shop: Workshop, copy: Build, target: Place, keep: bool) -> None:
    for _ in range(10):  # another projector may be at it
        if not (behind := await behind_live(connection, copy)):
            break
        for tenant, live, _, _ in behind:
            await shop.projectors[copy.place].advance(tenant, until=live)
        await asyncio.sleep(0.01)
    else:
        raise _Behind
    await hold(connection, copy.place)
    still = "SELECT FROM retrace.builds WHERE projection = %s AND place = %s AND begun_at = %s"
    values = [copy.projection, copy.place, copy.begun_at]
    if await (await connection.execute(still, values)).fetchone() is None:
        raise Conflict(f"this copy of {copy.projection} was dropped, or begun anew, a moment ago")
    scope = copy.scope()
    if keep or scope is None:
        await drop_at(connection, copy.projection, target)
    if scope is None:
        await _move_tables(connection, copy, target)
        if not keep:
            await drop_at(connection, copy.projection, target)
    else:
        await _move_rows(connection, shop.projection, copy, scope, target if keep else None)


async def _move_tables(connection: Connection, copy: Build, target: Place) -> None:
    """In one round trip, for the sake of the readers who wait for its last steps."""
    query = "SELECT tables FROM retrace.builds WHERE projection = %s AND place = 'live'"
    (tables,) = await (await connection.execute(query, [copy.projection])).fetchone() or ([],)
    own = f"projection = {Literal(copy.projection).as_string()}"
    live, source, goal = SCHEMAS["live"], SCHEMAS[copy.place], SCHEMAS[target]
    moves: list[tuple[Place, Place, list[str]]] = [
        ("live", target, tables),
        (copy.place, "live", copy.tables),
    ]
    steps = []
    for table in ("cursors", "parked"):
        steps.append(f"INSERT INTO {goal}.{table} SELECT * FROM {live}.{table} WHERE {own}")
    # Most tenants' cursors are equal in both: only the others are written.
    steps += [
        f"DELETE FROM {live}.parked WHERE {own}",
        f"INSERT INTO {live}.parked SELECT * FROM {source}.parked WHERE {own}",
        f"DELETE FROM {live}.cursors l WHERE {own} AND NOT EXISTS (SELECT FROM {source}.cursors c "
        "WHERE c.tenant = l.tenant AND c.projection = l.projection AND c.version = l.version)",
        f"INSERT INTO {live}.cursors SELECT c.* FROM {source}.cursors c LEFT JOIN {live}.cursors l "
        f"USING (tenant, projection, version) WHERE c.{own} "
        "AND (l.seq IS DISTINCT FROM c.seq OR l.stopped IS DISTINCT FROM c.stopped) "
        "ON CONFLICT (tenant, projection, version) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, "
        "recorded_at = excluded.recorded_at, stopped = excluded.stopped",
    ]
    for origin, place, _ in moves:
        steps.append(
            f"UPDATE retrace.builds SET place = '{place}', built_at = coalesce(built_at, now()) WHERE {own} AND place = '{origin}'"
        )
    steps.append(f"SET LOCAL lock_timeout = '{TURN}'")
    names = ", ".join(f"{live}.{table}" for table in tables)
    steps.append(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
    for origin, place, moved in moves:
        steps += [f"ALTER TABLE {SCHEMAS[origin]}.{table} SET SCHEMA {SCHEMAS[place]}" for table in moved]
    await connection.execute("; ".join(steps).encode())


async def _move_rows(
    connection: Connection, projection: Projection, copy: Build, tenant: UUID, target: Place | None
) -> None:
    name, live, source = projection.name, SCHEMAS["live"], SCHEMAS[copy.place]
    if target is not None:
        await create_at(connection, projection, target)
        await note(connection, projection, target, tenant, None)
        built = "UPDATE retrace.builds SET built_at = now() WHERE projection = %s AND place = %s"
        await connection.execute(built, [name, target])
    own = "tenant = %(tenant)s"
    wheres = dict.fromkeys(copy.tables, own)
    wheres |= dict.fromkeys(("cursors", "parked"), f"{own} AND projection = %(name)s")
    for table, where in wheres.items():
        steps = [f"DELETE FROM {live}.{table} WHERE {where}"]
        if target is not None:
            steps.insert(
                0, f"INSERT INTO {SCHEMAS[target]}.{table} SELECT * FROM {live}.{table} WHERE {where}"
            )
        steps.append(f"INSERT INTO {live}.{table} SELECT * FROM {source}.{table} WHERE {where}")
        for step in steps:
            await connection.execute(step.encode(), {"tenant": tenant, "name": name})
    await drop_at(connection, name, copy.place)
