"""Role `retrace worker`: does what is due."""

from __future__ import annotations

import asyncio

from application.work import kinds
from infra.database import wait_for
from infra.metrics.server import tell_metrics, watch_loop
from infra.settings import Settings
from infra.work.rows import Work
from infra.work.worker import Worker
from interfaces.bootstrap import services
from interfaces.stopping import beside, stopped


async def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what is under way is finished or given back.

    A database that is away at the start is waited for.
    """
    await wait_for(str(settings.database_url))
    async with services(settings, pool=settings.worker_concurrency) as parts:
        parts.embedder.load()
        await parts.completers.load()
        worker = Worker(
            Work(parts.system),
            kinds(parts),
            parts.hints,
            concurrency=settings.worker_concurrency,
            observer=parts.instruments,
        )
        running = asyncio.create_task(worker.run())
        async with beside(
            tell_metrics(settings.host, settings.metrics_port, parts.figures), watch_loop(parts.instruments)
        ):
            await stopped(running)
            worker.stop()
            await running
