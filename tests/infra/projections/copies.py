"""What tests of copies share: a log without any, the role that keeps them, writers that go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from application.base.tasks import cancel_and_wait
from infra.log.reader import Reader
from infra.postgres.database import Database
from infra.projections.blue_green import BlueGreenBuilder
from infra.projections.read_models import drop
from infra.projections.rebuild import Workshop, workshop
from projections import PROJECTIONS
from projections.base import Projection
from projections.costs import Costs
from tests.cells import cell
from tests.infra.log.parts import MASTER, Log, log_on
from tests.infra.projections.parts import projecting, talk

COSTS = Costs()


@asynccontextmanager
async def log_without_copies(url: str) -> AsyncIterator[Log]:
    """At the end they are dropped, for the next test."""
    async with log_on(url) as log:
        yield log
    for projection in PROJECTIONS:
        await drop(cell(url), projection.name, "next")
        await drop(cell(url), projection.name, "old")


@asynccontextmanager
async def shop_of(log: Log, projection: Projection = COSTS) -> AsyncIterator[Workshop]:
    async with workshop(cell(log.url), MASTER, projection) as shop:
        yield shop


@asynccontextmanager
async def role(log: Log, projections: Sequence[Projection] = PROJECTIONS) -> AsyncIterator[None]:
    """What a process of the projector role does."""
    async with (
        projecting(log, projections) as live,
        Database(cell(log.url), role="retrace_projector") as events,
        Database(cell(log.url), role="retrace_runner") as system,
    ):
        reader = Reader(events, log.keyring)
        beside = BlueGreenBuilder(
            projections, cell=cell(log.url), master=MASTER, system=system, reader=reader
        )
        tasks = [asyncio.create_task(live.run()), asyncio.create_task(beside.run())]
        try:
            yield
        finally:
            await cancel_and_wait(*tasks)


@asynccontextmanager
async def writers(log: Log, tenants: Sequence[UUID]) -> AsyncIterator[None]:
    """Four, that go on until the end."""
    stop = asyncio.Event()

    async def write(tenant: UUID) -> None:
        while not stop.is_set():
            await talk(log, tenant, 1)

    tasks = [asyncio.create_task(write(tenants[n % len(tenants)])) for n in range(4)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def caught_up(log: Log, projections: Sequence[Projection] = PROJECTIONS) -> None:
    async with projecting(log, projections) as live:
        await live.catch_up()
