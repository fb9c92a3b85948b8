"""Role `retrace worker`: does what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from application.operations.work import kinds
from application.ports import Kind, Places
from domain.answers import understanding
from infra.alerts.keeping import keep_alert_looks
from infra.metrics.server import tell_metrics, watch_loop
from infra.postgres.database import Database
from infra.redis.wakeups import Hints
from infra.retrieval.vector_index.keeping import keep_vector_indexes
from infra.settings import MAIN, Settings
from infra.work.rows import Work
from infra.work.worker import Observer, Worker
from interfaces.bootstrap import Cells, services
from interfaces.cells.every import in_every_cell
from interfaces.machine import settle, step_behind
from interfaces.stopping import beside, told_by_signals, until

POOL = 16
"""Connections to the database: whoever waits for a model holds none."""

HEAVY = 2
"""Pieces of heavy work, as processing a document, that one worker process does at once. No tenant has more than one of them."""

WATCH = 4
"""Looks at what may go wrong that one worker process takes at once."""

BULK = 4
"""Campaigns that one worker process sends at once; of one tenant three at most."""

EVERY = 1.0
"""Seconds between two looks at whether one is due."""


async def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what is under way is finished or given back.

    A database that is away at the start is waited for.
    """
    step_behind()
    told = asyncio.Event()
    cells = Cells(list(settings.by_cell))
    await in_every_cell(settings, partial(_work, cells=cells, told=told), told, cells.open)


async def _work(name: str, settings: Settings, *, cells: Cells, told: asyncio.Event) -> None:
    pool = min(POOL, settings.worker_concurrency)
    async with services(settings, pool=pool, patient=True, role="worker", name=name, cells=cells) as parts:
        parts.embedder.load()
        understanding.load()
        await parts.completers.load()
        settle()
        concurrency = settings.worker_concurrency
        every = kinds(parts)
        if parts.traces is not None:
            every = parts.traces.kinds(every)
        crew = workers(every, parts.system, parts.hints, concurrency, parts.instruments)
        running = [asyncio.create_task(worker.run()) for worker in crew]
        port = settings.metrics_port if name == MAIN else None
        async with beside(
            tell_metrics(settings.host, port, parts.figures),
            watch_loop(parts.instruments),
            keep_vector_indexes(parts.system, parts.vector_indexes, parts.index_rules),
            keep_alert_looks(parts.system, settings.alert_interval),
        ):
            if name == MAIN:
                told_by_signals(told)
            await until(told, *running)
            for worker in crew:
                worker.stop()
            await asyncio.gather(*running)


def workers(
    every: Mapping[str, Kind],
    system: Database,
    hints: Hints,
    concurrency: int,
    observer: Observer | None = None,
) -> list[Worker]:
    """One for each sort of places, so that an answer never waits for documents, a campaign for neither, and a look that must come in time for none of them."""

    def of(places: Places) -> Mapping[str, Kind]:
        return {name: kind for name, kind in every.items() if kind.places == places}

    return [
        Worker(Work(system), of("light"), hints, concurrency=concurrency, observer=observer),
        Worker(Work(system), of("heavy"), hints, concurrency=HEAVY, observer=observer),
        Worker(Work(system), of("bulk"), hints, concurrency=BULK, observer=observer),
        # What it does is due at a time, and is not hinted at.
        Worker(Work(system), of("watch"), Hints(), concurrency=WATCH, poll=EVERY, observer=observer),
    ]
