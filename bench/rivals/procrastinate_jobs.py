"""procrastinate: LISTEN/NOTIFY on, finished jobs deleted, so many jobs at once as did best here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvloop
from procrastinate import App, PsycopgConnector

from bench.crew import Shared

NAME = "procrastinate"
LEFT = "SELECT EXISTS (SELECT FROM public.procrastinate_jobs WHERE status IN ('todo', 'doing'))"
CONCURRENCY = 4
BATCH = 1000


def _app(url: str, done: Callable[[], None]) -> App:
    app = App(connector=PsycopgConnector(conninfo=url, min_size=4, max_size=CONCURRENCY + 4))

    @app.task(name="bench")
    async def bench() -> None:
        done()

    return app


async def install(url: str) -> None:
    async with _app(url, lambda: None).open_async() as app:
        await app.schema_manager.apply_schema_async()


async def fill(url: str, count: int) -> None:
    async with _app(url, lambda: None).open_async() as app:
        for start in range(0, count, BATCH):
            await app.tasks["bench"].batch_defer_async(*({} for _ in range(min(BATCH, count - start))))
        await app.connector.execute_query_async("ANALYZE public.procrastinate_jobs")


def work(url: str, redis_url: str | None, shared: Shared) -> None:
    uvloop.run(_work(url, shared))


async def _work(url: str, shared: Shared) -> None:
    async with _app(url, shared.work).open_async() as app:
        await app.check_connection_async()
        shared.wait()
        await app.run_worker_async(concurrency=CONCURRENCY, delete_jobs="always")


@asynccontextmanager
async def sending(url: str, redis_url: str | None) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    async with _app(url, lambda: None).open_async() as app:
        yield app.tasks["bench"].defer_async
