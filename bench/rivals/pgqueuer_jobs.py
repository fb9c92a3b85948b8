"""PgQueuer over asyncpg and uvloop, as its documentation advises, with the batches that did best here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvloop
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from bench.crew import Shared

NAME = "pgqueuer"
LEFT = "SELECT EXISTS (SELECT FROM public.pgqueuer)"
BATCH = 500


async def install(url: str) -> None:
    connection = await asyncpg.connect(url)
    await Queries(AsyncpgDriver(connection)).install()
    await connection.close()


async def fill(url: str, count: int) -> None:
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    for start in range(0, count, 1000):
        some = min(1000, count - start)
        await queries.enqueue(["bench"] * some, [None] * some, [0] * some)
    await connection.execute("ANALYZE public.pgqueuer")
    await connection.close()


def work(url: str, redis_url: str | None, shared: Shared) -> None:
    uvloop.run(_work(url, shared))


async def _work(url: str, shared: Shared) -> None:
    queuer = PgQueuer(AsyncpgDriver(await asyncpg.connect(url)))

    @queuer.entrypoint("bench")
    async def bench(job: Job) -> None:
        shared.work()

    shared.wait()
    await queuer.run(batch_size=BATCH)


@asynccontextmanager
async def sending(url: str, redis_url: str | None) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    yield lambda: queries.enqueue("bench", None)
    await connection.close()
