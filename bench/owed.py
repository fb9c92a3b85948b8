"""Our work table and our worker, in the comparison with job queues."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import uvloop

from application.ports import Due, Item
from application.ports.work import Kind
from bench.crew import Shared
from bench.parts import MASTER, now, opened
from domain.base.context import Context
from domain.conversations.conversation import Conversation
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.redis.connection import RedisConnection
from infra.redis.wakeups import Hints
from infra.work.rows import Work
from infra.work.worker import Worker

NAME = "retrace"
LEFT = "SELECT EXISTS (SELECT 1 FROM retrace.work)"
TENANTS = 10


async def install(url: str) -> None:
    """The database is migrated already."""


async def fill(url: str, count: int) -> None:
    rows = (
        "INSERT INTO retrace.work (tenant, kind, key, due_at, wake_at) "
        "SELECT t, 'bench', n::text, now(), now() FROM unnest(%s::uuid[]) t, generate_series(1, %s) n"
    )
    tenants = [uuid4() for _ in range(TENANTS)]
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(rows, [tenants, count // TENANTS])
        await connection.execute("ANALYZE retrace.work")


def work(url: str, redis_url: str | None, shared: Shared) -> None:
    uvloop.run(_work(url, redis_url, shared))


async def _work(url: str, redis_url: str | None, shared: Shared) -> None:
    async def handler(item: Item) -> datetime | None:
        shared.work()
        return None

    async with (
        RedisConnection(redis_url) as redis,
        Database(Cell(url, MASTER), role="retrace_runner", size=4) as database,
    ):
        async with database.system() as connection:
            await connection.execute("SELECT 1")
        worker = Worker(Work(database), {"bench": Kind(handler=handler)}, Hints(redis))
        shared.wait()
        await worker.run()


@asynccontextmanager
async def sending(url: str, redis_url: str | None) -> AsyncIterator[Callable[[], Awaitable[Any]]]:
    """Saves a change of an aggregate that makes work due, as every use case does."""
    async with RedisConnection(redis_url) as redis, opened(url, hints := Hints(redis)) as log:
        context = Context(tenant=uuid4(), actor="key:bench", correlation=uuid4())
        conversation = Conversation.start(uuid4(), channel="http", address="customer", name=None, at=now())
        await log.store.save(conversation, context=context)

        async def send() -> None:
            id = uuid4().hex
            conversation.receive(message=id, text="hello", interaction=conversation.id, at=now())
            conversation.state.burst = None
            owed = Due(kind="bench", key=id, due_at=datetime.now(UTC))
            await log.store.save(conversation, context=context, work=[owed])

        yield send
        await hints.close()
