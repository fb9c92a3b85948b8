"""Puts a copy of a read model in place of the live one, in one transaction.

The copy comes to the end of the log, the cursors of the live one are held still, the copy makes up what is left, if anything, and the
tables change their schemas. So a reader finds all rows that it found before, and more. Readers wait only for the last step, and it
gives way to them when it can't have its turn at once: a lock that waits makes all who come after it wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.errors import LockNotAvailable

from application.ports import Unavailable
from domain.base.errors import Conflict, Refused
from infra.postgres.database import Connection
from infra.projections.places import SCHEMAS, Build, Place, as_builder, together
from infra.projections.progress import behind_live, behind_log, come_near
from infra.projections.projector import ABREAST, TURN
from infra.projections.read_models import claim, forget, hold
from infra.projections.rebuild import Workshop
from infra.projections.swap import swap_rows, swap_tables
from projections.base import held_clear

PATIENCE = 15.0
"""Seconds in which the switch tries to have its turn."""

SHORT = 0.03
"""Seconds for which the live one is held while the copy makes up what is left, and while a lock is waited for; then it is let go, and held
again at a better moment."""

SHORT_ON_NODES = 0.3
"""The same on a Citus, where a look at how far the copy is asks each shard."""

LONG = 0.1
"""The same, where there was no such moment for half of the patience; and the copy takes what it takes."""


async def switch(shop: Workshop, *, back: bool = False, keep: bool = True) -> float:
    """Put `next` in place and keep what was live as `old`; with `back`, put `old` in place and keep what was live as `next`.

    A copy of one tenant takes the place of that tenant's rows only; without `keep` those that were live are dropped, as are always those
    of a version that held personal texts.
    Returns the seconds for which the live one was held still. Raises NotFound, Refused, Conflict, Unavailable.
    """
    spread = shop.cell.distributed
    source: Place = "old" if back else "next"
    target: Place = "next" if back else "old"
    copy = await shop.copy(source)
    _check(copy, shop)
    keep = keep and not held_clear(shop.projection, (await shop.copy("live")).version)
    deadline = time.monotonic() + PATIENCE
    while True:
        await come_near(shop.system, copy)
        try:
            async with as_builder(shop.cell) as connection:
                limits = ["SET LOCAL lock_timeout = '2s'", "SET LOCAL enable_nestloop = off"]
                await together(connection, limits, spread=spread)
                await claim(connection, copy.projection)
                standing = await _standing(connection, copy)
                await _catch_up(shop, copy)
                await hold(connection, target)  # the end of a batch there is waited for before, not while
                await hold(connection, "live")
                began = time.monotonic()
                early = began < deadline - PATIENCE / 2
                short = SHORT_ON_NODES if spread else SHORT
                await _level(connection, shop, copy, short if early else PATIENCE)
                wait = f"SET LOCAL lock_timeout = '{1000 * (SHORT if early else LONG):.0f}ms'"
                await connection.execute(wait.encode())
                if (tenant := copy.scope()) is None:
                    await swap_tables(connection, copy, target, standing, keep=keep, spread=spread)
                else:
                    await swap_rows(connection, shop.projection, copy, tenant, target if keep else None)
            took = time.monotonic() - began
            async with as_builder(shop.cell) as connection:
                await forget(connection, copy.projection, source)
            return took
        except (LockNotAvailable, _Behind):
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"long transactions hold {copy.projection}, so nothing was switched; try again"
                ) from None
            await _end_analysts(shop)
            await asyncio.sleep(0.1)  # those who waited behind us go first


HELD = "2 s"
"""That a switch which does not come about leaves to an analyst's transaction."""


class _Behind(Exception):
    """The copy did not come to where the live one stands."""


async def _end_analysts(shop: Workshop) -> None:
    """Those among who may stand in the way that have time-outs of their own making."""
    async with as_builder(shop.cell) as connection:
        await connection.execute("SELECT retrace.end_analysts(%s)", [HELD])


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


async def _standing(connection: Connection, copy: Build) -> Mapping[Place, Sequence[str]]:
    """The projection's tables in each place; they stay so while `connection` has the claim. Raises Conflict."""
    query = "SELECT place, tables, begun_at FROM retrace.builds WHERE projection = %s"
    rows = await (await connection.execute(query, [copy.projection])).fetchall()
    if not any(row[0] == copy.place and row[2] == copy.begun_at for row in rows):
        raise Conflict(f"this copy of {copy.projection} was dropped, or begun anew, a moment ago")
    return {
        place: sorted({table for row in rows if row[0] == place for table in row[1]}) for place in SCHEMAS
    }


async def _catch_up(shop: Workshop, copy: Build) -> None:
    """Bring the copy to the end of the log, so that little or nothing is left to do once the live one is held, which is behind that."""
    async with shop.system.system() as connection:
        tenants = await behind_log(connection, copy)
    await _advance(shop, copy, dict.fromkeys(tenants))


async def _level(connection: Connection, shop: Workshop, copy: Build, seconds: float) -> None:
    """Bring the copy to where the live one is held. Raises _Behind when it does not come there in time."""
    until = time.monotonic() + seconds
    while True:
        behind = await behind_live(connection, copy)
        if time.monotonic() > until or any(stopped for *_, stopped in behind):
            raise _Behind
        if not behind:
            return
        if not await _advance(shop, copy, {tenant: live for tenant, live, _, _ in behind}):
            await asyncio.sleep(0.002)  # another projector is at it


async def _advance(shop: Workshop, copy: Build, positions: Mapping[UUID, int | None]) -> bool:
    """Bring tenants of the copy to a position, or to the end of the log; tells whether any has moved."""
    projector, left, moved = shop.projectors[copy.place], iter(positions.items()), False

    async def some() -> None:
        nonlocal moved
        for tenant, until in left:
            moved = await projector.advance(tenant, until=until, batches=TURN) or moved

    await asyncio.gather(*(some() for _ in range(ABREAST)))
    return moved
