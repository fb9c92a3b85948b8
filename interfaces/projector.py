"""Role `retrace projector`: keeps the read models up with the log, and their copies where there are any; signs the log."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from application.base.tasks import cancel_and_wait
from infra.audit.checkpoints import Checkpoints
from infra.crypto.forgetting import forgetting
from infra.crypto.keyring import Keyring
from infra.log.reader import Reader
from infra.metrics.by_cell import Told, exposition
from infra.metrics.collected import Pools
from infra.metrics.deployment import Deployment
from infra.metrics.instruments import Instruments
from infra.metrics.server import tell_metrics, watch_loop
from infra.postgres.analyst_watch import watch_analysts
from infra.postgres.cell import Cell
from infra.postgres.database import Database, wait_for
from infra.projections.blue_green import BlueGreenBuilder
from infra.projections.projector import Projector
from infra.redis.connection import RedisConnection
from infra.redis.wakeups import Hints
from infra.schema.migrate import prepare
from infra.settings import MAIN, Settings
from infra.telemetry.start import telemetry
from interfaces.cells.every import in_every_cell
from interfaces.machine import settle, step_behind
from interfaces.stopping import beside, told_by_signals, until
from projections import PROJECTIONS


async def project(settings: Settings) -> None:
    """Follow the log until SIGTERM or SIGINT; a batch that is under way is whole or nothing.

    A database that is away at the start is waited for.
    """
    step_behind()
    told = asyncio.Event()
    opened: dict[str, Told] = {}
    await in_every_cell(settings, partial(_project, told=told, opened=opened), told, opened)


async def _project(name: str, settings: Settings, *, told: asyncio.Event, opened: dict[str, Told]) -> None:
    master = settings.master()
    cell = Cell(str(settings.database_url), master)
    await wait_for(cell)
    await prepare(cell)
    async with (
        RedisConnection(settings.redis_url) as redis,
        Database(cell, role="retrace_projector", size=8) as writer,
        Database(cell, role="retrace_runner", size=2) as system,
        AsyncExitStack() as stack,
    ):
        keyring = Keyring(writer, master)
        reader = Reader(writer, keyring)
        instruments, figures = Instruments(), Deployment(system, PROJECTIONS)
        for collector in (figures, Pools(writer, system)):
            instruments.registry.register(collector)
        telling = await stack.enter_async_context(telemetry(settings, "projector", redis, instruments))
        projector = Projector(
            PROJECTIONS,
            writer=writer,
            system=system,
            reader=reader,
            hints=Hints(redis),
            observer=instruments,
            traces=None if telling is None else telling.traces,
        )
        copies = BlueGreenBuilder(
            PROJECTIONS, cell=cell, master=master, system=system, reader=reader, observer=instruments
        )
        checkpoints = Checkpoints(writer, keyring)
        settle()
        async with forgetting(system, keyring):
            loops = (projector.run(), copies.run(), checkpoints.run(system), watch_analysts(system))
            running = [asyncio.create_task(loop) for loop in loops]
            try:
                port = settings.metrics_port if name == MAIN else None
                tell = partial(exposition, opened, labelled=settings.cells is not None)
                opened[name] = instruments, figures.refresh
                async with beside(tell_metrics(settings.host, port, tell), watch_loop(instruments)):
                    if name == MAIN:
                        told_by_signals(told)
                    await until(told, *running)
            finally:
                opened.pop(name, None)
                await cancel_and_wait(*running)
