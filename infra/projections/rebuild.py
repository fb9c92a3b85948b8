"""Builds a projection again from the log, beside the one that serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from application.base.tasks import cancel_and_wait
from domain.base.errors import NotFound
from infra.crypto.forgetting import forgetting
from infra.crypto.keyring import Keyring
from infra.log.reader import Reader
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.projections.places import SCHEMAS, Build, Place, as_builder, builds, placed
from infra.projections.progress import NEAR, Progress, progress
from infra.projections.projector import Projector
from infra.projections.read_models import begin
from infra.redis.wakeups import Hints
from projections.base import Projection

PACE = 0.1
"""Seconds between two looks at the progress."""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What one projection is built, compared and put in place with."""

    cell: Cell
    projection: Projection
    system: Database
    writers: dict[Place, Database]
    projectors: dict[Place, Projector]

    async def build(self, place: Place) -> Build | None:
        """What stands in `place`."""
        found = await builds(self.system, self.projection.name)
        return next((build for build in found if build.place == place), None)

    async def copy(self, place: Place = "next") -> Build:
        """Raises NotFound."""
        if (build := await self.build(place)) is not None:
            return build
        name = self.projection.name
        if place == "old":
            raise NotFound(f"there is no former {name} to go back to: it was dropped, or never switched")
        raise NotFound(f"there is no copy of {name}; build one with `retrace projections rebuild {name}`")


@asynccontextmanager
async def workshop(cell: Cell, master: bytes, projection: Projection) -> AsyncIterator[Workshop]:
    """Connections for one rebuild; `master` is the master key."""
    writers: dict[Place, Database] = {}
    projectors: dict[Place, Projector] = {}
    async with AsyncExitStack() as stack:
        system = await stack.enter_async_context(Database(cell, role="retrace_runner", size=2))
        events = await stack.enter_async_context(Database(cell, role="retrace_projector", size=4))
        keyring = Keyring(events, master)
        await stack.enter_async_context(forgetting(system, keyring))
        reader = Reader(events, keyring)
        for place in SCHEMAS:
            writers[place] = placed(cell, "retrace_projector", place, size=4)
            beside = placed(cell, "retrace_runner", place, size=1)
            for database in (writers[place], beside):
                await stack.enter_async_context(database)
            projectors[place] = Projector(
                (projection,), writer=writers[place], system=beside, reader=reader, hints=Hints(), place=place
            )
        yield Workshop(
            cell=cell, projection=projection, system=system, writers=writers, projectors=projectors
        )


async def rebuild(
    shop: Workshop,
    *,
    tenant: UUID | None = None,
    until: int | None = None,
    tell: Callable[[Progress], object] = lambda _: None,
) -> Progress:
    """Build in `next` from zero, for one tenant or all, to a position or the end of the log. The live one serves meanwhile.

    What was in `next` before, half built perhaps, is gone. Other projectors help. Raises Unavailable.
    """
    await begin(shop.cell, shop.projection, tenant=tenant, until=until)
    build = await shop.copy()
    work = asyncio.create_task(_follow(shop.projectors["next"], tenant))
    goal: int | None = None
    try:
        while True:
            now = await progress(shop.system, build)
            tell(now)
            if goal is None and now.total - now.done <= NEAR:
                goal = now.total
            if goal is not None and now.done >= goal:
                break
            await asyncio.wait([work], timeout=PACE)
            if work.done():
                work.result()
    finally:
        await cancel_and_wait(work)
    await finish(shop.cell, build)
    return now


async def finish(cell: Cell, build: Build) -> None:
    """Note that a copy has caught up for the first time. Its statistics are made, so that its first reads are as quick as later ones."""
    async with as_builder(cell) as connection:
        noted = (
            "UPDATE retrace.builds SET built_at = now() WHERE projection = %s AND place = %s AND begun_at = %s "
            "AND built_at IS NULL RETURNING tables"
        )
        values = [build.projection, build.place, build.begun_at]
        for (tables,) in await (await connection.execute(noted, values)).fetchall():
            for table in tables:
                await connection.execute(f"ANALYZE {SCHEMAS[build.place]}.{table}".encode())


async def _follow(projector: Projector, tenant: UUID | None) -> None:
    while True:
        await projector.catch_up(None if tenant is None else [tenant])
        await asyncio.sleep(0.02)  # another projector has the rest
