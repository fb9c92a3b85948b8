"""Keeps copies of read models up with the log, for as long as there are any, beside the projector of the live ones.

A copy that a newer version of its projection began is put in place once it has caught up. Any number of processes may do this.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack

import psycopg

from application.base.tasks import run_together
from application.ports import Unavailable
from domain.base.errors import Refusal
from infra.log.reader import Reader
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.projections.orphans import Orphans
from infra.projections.places import Build, Place, builds, placed
from infra.projections.progress import NEAR, progress
from infra.projections.projector import Observer, Projector
from infra.projections.read_models import UNBUILT
from infra.projections.rebuild import finish, workshop
from infra.projections.switching import switch
from infra.redis.wakeups import Hints
from projections.base import Projection

log = logging.getLogger("retrace.projector")

PAUSE = 0.25
"""Seconds between two looks at what copies there are and how the log goes on."""

SELDOM = 2.0
"""Seconds between two looks at copies that nobody keeps up."""


class BlueGreenBuilder:
    """`master` is the master key; `system` has the role retrace_runner, `reader` reads as retrace_projector."""

    def __init__(
        self,
        projections: Sequence[Projection],
        *,
        cell: Cell,
        master: bytes,
        system: Database,
        reader: Reader,
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer
        self._projections = {projection.name: projection for projection in projections}
        self._cell = cell
        self._master = master
        self._system = system
        self._reader = reader

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for."""
        await run_together(self._keep_up("next"), self._keep_up("old"), self._mind_orphans())

    async def _keep_up(self, place: Place) -> None:
        while True:
            try:
                if await self._here(place):
                    await self._follow(place)
            except (Unavailable, psycopg.Error) as error:  # the live ones go on, whatever is the matter here
                log.warning("the copies of read models wait: %s", type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def _mind_orphans(self) -> None:
        orphans = Orphans(tuple(self._projections.values()), cell=self._cell, system=self._system)
        while True:
            try:
                await orphans.look()
            except (Unavailable, psycopg.Error) as error:
                log.warning("copies that nobody keeps up wait: %s", type(error).__name__)
            await asyncio.sleep(SELDOM)

    async def _follow(self, place: Place) -> None:
        """As long as something stands in `place`."""
        async with AsyncExitStack() as stack:
            writer = await stack.enter_async_context(placed(self._cell, "retrace_projector", place, size=4))
            system = await stack.enter_async_context(placed(self._cell, "retrace_runner", place, size=1))
            projector = Projector(
                tuple(self._projections.values()),
                writer=writer, system=system, reader=self._reader, hints=Hints(), place=place,
                observer=self._observer,
            )  # fmt: skip
            while copies := await self._here(place):
                await projector.catch_up(aside=True)
                for copy in copies:
                    await self._see_to(copy)
                await asyncio.sleep(PAUSE)

    async def _here(self, place: Place) -> list[Build]:
        """The copies that this program can keep up."""
        return [
            build
            for build in await builds(self._system)
            if build.place == place
            and build.projection in self._projections
            and self._projections[build.projection].version == build.version
        ]

    async def _see_to(self, copy: Build) -> None:
        """Note that it has caught up; put it in place if it is of a newer version than the live one."""
        now = await progress(self._system, copy)
        if now.total - now.done > (0 if copy.until is not None else NEAR):
            return
        if copy.built_at is None:
            await finish(self._cell, copy)
        everything = await builds(self._system, copy.projection)
        live = next((build for build in everything if build.place == "live"), None)
        whole = copy.place == "next" and copy.until is None and copy.scope() is None
        if whole and live is not None and live.version < copy.version:
            try:
                async with workshop(self._cell, self._master, self._projections[copy.projection]) as shop:
                    took = await switch(shop, keep=live.version != UNBUILT)
            except (Refusal, Unavailable) as refusal:
                log.warning("version %s of %s waits: %s", copy.version, copy.projection, refusal)
            else:
                log.info("%s is of version %s now (%.0f ms)", copy.projection, copy.version, took * 1000)
