"""What the tests of projections share: conversations to project, and a projector to run by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from domain.conversations.conversation import Conversation
from domain.gateway.decision import Routing
from domain.models.completion import Attempt, Turn, Usage
from infra.log.reader import Reader
from infra.postgres.database import Database
from infra.projections.lag import lags
from infra.projections.projector import Projector
from projections import PROJECTIONS
from projections.base import Projection
from projections.costs import Costs
from tests.cells import cell
from tests.infra.log.parts import Log, context, now
from tests.until import until


class Running(Projector):
    """With its bookkeeping in reach."""

    async def behind(self, tenant: UUID | None = None) -> int:
        return sum(lag.behind for lag in await lags(self._system, tuple(self._projections.values()), tenant))

    async def wait(self, tenant: UUID | None = None) -> None:
        async def at_its_end() -> bool:
            return not await self.behind(tenant)

        await until(at_its_end, every=0.05)


@asynccontextmanager
async def projecting(log: Log, projections: Sequence[Projection] = PROJECTIONS) -> AsyncIterator[Running]:
    async with (
        Database(cell(log.url), role="retrace_projector") as writer,
        Database(cell(log.url), role="retrace_runner") as system,
    ):
        reader = Reader(writer, log.keyring)
        yield Running(projections, writer=writer, system=system, reader=reader, hints=log.hints)


def attempt(latency_ms: float = 12.0) -> Attempt:
    return Attempt(
        provider="p",
        model="m",
        served="m-1",
        outcome="ok",
        started_at=now(),
        latency_ms=latency_ms,
        usage=Usage(input=1000, cached=200, output=50),
        cost=Decimal("0.00125"),
    )


def exchange(conversation: Conversation, latency_ms: float = 12.0, prompt: tuple[Turn, ...] = ()) -> None:
    """A message and its answer."""
    interaction = conversation.receive(message=str(uuid4()), text="q", interaction=uuid4(), at=now())
    conversation.disclose("a machine answers", now())
    conversation.ask(retrieved=(), prompt=prompt, at=now())
    routing = Routing(model="p/m", reason="r")
    conversation.meter(interaction, routing=routing, attempts=(attempt(latency_ms),), at=now())
    conversation.answer(
        text="yes",
        citations=(),
        template="t",
        confidence=0.5,
        configuration_version=0,
        latency_ms=latency_ms,
        at=now(),
    )


def begun() -> Conversation:
    return Conversation.start(uuid4(), channel="http", address="a", name=None, at=now())


async def talk(log: Log, tenant: UUID, turns: int) -> Conversation:
    conversation = begun()
    for _ in range(turns):
        exchange(conversation)
        await log.store.save(conversation, context=context(tenant))
    return conversation


async def rows(log: Log, tenant: UUID) -> dict[str, list[Any]]:
    """All rows of a tenant's read models."""
    found = {}
    async with log.database.tenant(tenant) as connection:
        for table in (table for projection in PROJECTIONS for table in projection.tables):
            cursor = await connection.execute(f"SELECT * FROM {table.name}".encode())
            found[table.name] = sorted(await cursor.fetchall(), key=repr)
    return found


async def calls(log: Log, tenant: UUID) -> int:
    async with log.database.tenant(tenant) as connection:
        row = await (await connection.execute("SELECT coalesce(sum(calls), 0) FROM costs")).fetchone()
    return int(row[0]) if row else 0


async def until_called(log: Log, tenant: UUID, wanted: int) -> None:
    async def called() -> bool:
        return await calls(log, tenant) == wanted

    await until(called, every=0.05)


class Poisoned(Costs):
    async def apply(self, batch: Any, sql: Any) -> None:
        if any(recorded.event.attempts[0].latency_ms == 666.0 for recorded in batch):
            raise ValueError("a text that may be personal")
        await super().apply(batch, sql)
