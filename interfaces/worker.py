"""Role `retrace worker`: does what is due."""

from __future__ import annotations

import asyncio

from application.work import kinds
from infra.settings import Settings
from infra.work.rows import Work
from infra.work.worker import Worker
from interfaces.bootstrap import services
from interfaces.stopping import stopped


async def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what is under way is finished or given back."""
    async with services(settings, pool=settings.worker_concurrency) as parts:
        parts.embedder.load()
        await parts.completers.load()
        worker = Worker(
            Work(parts.system), kinds(parts), parts.hints, concurrency=settings.worker_concurrency
        )
        running = asyncio.create_task(worker.run())
        await stopped(running)
        worker.stop()
        await running
