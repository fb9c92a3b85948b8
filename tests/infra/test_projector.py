from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.completion import Attempt, Usage
from domain.conversation import Conversation, Routing
from infra.database import Database
from infra.lag import lags
from infra.log.reader import Reader
from infra.projector import Projector
from infra.sql import TransactionSql
from projections import PROJECTIONS
from projections.base import Projection
from projections.costs import Costs, bucket_of, percentile, usage
from projections.transcript import Transcript, get_interaction, list_conversations
from tests.infra.log.parts import Log, context, log_on, now
from tests.infra.log.test_store import CUT


class Running(Projector):
    """With its bookkeeping in reach."""

    async def behind(self, tenant: UUID | None = None) -> int:
        return sum(lag.behind for lag in await lags(self._system, tuple(self._projections.values()), tenant))

    async def wait(self, tenant: UUID | None = None) -> None:
        for _ in range(200):
            if not await self.behind(tenant):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the projections did not come to the end of the log within 10 s")


@asynccontextmanager
async def projecting(log: Log, projections: Sequence[Projection] = PROJECTIONS) -> AsyncIterator[Running]:
    async with (
        Database(log.url, role="retrace_projector") as writer,
        Database(log.url, role="retrace_runner") as system,
    ):
        reader = Reader(writer, log.keyring)
        yield Running(projections, writer=writer, system=system, reader=reader, hints=log.hints)


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


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


def exchange(conversation: Conversation, latency_ms: float = 12.0) -> None:
    """A message and its answer."""
    conversation.receive(message=str(uuid4()), text="q", interaction=uuid4(), at=now())
    conversation.disclose("a machine answers", now())
    conversation.ask(retrieved=(), prompt=(), at=now())
    conversation.meter(routing=Routing(model="p/m", reason="r"), attempts=(attempt(latency_ms),), at=now())
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


async def calls(log: Log, tenant: UUID) -> int:
    async with log.database.tenant(tenant) as connection:
        row = await (await connection.execute("SELECT coalesce(sum(calls), 0) FROM costs")).fetchone()
    return int(row[0]) if row else 0


async def rows(log: Log, tenant: UUID) -> dict[str, list[Any]]:
    """All rows of a tenant's read models."""
    found = {}
    async with log.database.tenant(tenant) as connection:
        for table in (table for projection in PROJECTIONS for table in projection.tables):
            cursor = await connection.execute(f"SELECT * FROM {table.name}".encode())
            found[table.name] = sorted(await cursor.fetchall(), key=repr)
    return found


async def test_read_models_tell_what_happened(log: Log) -> None:
    tenant, today = uuid4(), datetime.now(UTC).date()
    conversation = await talk(log, tenant, 3)
    last = conversation.state.last_interaction
    assert last is not None
    async with projecting(log) as projector:
        await projector.catch_up()
    async with log.database.tenant(tenant) as connection:
        sql = TransactionSql(connection)
        (row,) = await list_conversations(sql, tenant)
        interaction = await get_interaction(sql, tenant, last)
        day = timedelta(days=1)
        (figures,) = await usage(sql, tenant, since=today - day, until=today + day, by="all")
    assert (row.conversation, row.messages, row.answers, row.status) == (conversation.id, 3, 3, "open")
    assert interaction is not None
    assert (interaction.status, interaction.cost) == ("answered", Decimal("0.00125"))
    assert (figures.calls, figures.cost, figures.input_tokens) == (3, Decimal("0.00375"), 3000)
    assert figures.model == "m-1"
    assert abs(figures.p50_ms - 12) <= 0.12


async def test_a_rebuild_from_zero_equals_the_live_model_row_for_row(log: Log) -> None:
    tenant = uuid4()
    async with projecting(log) as projector:
        for turns in (2, 1, 4):
            await talk(log, tenant, turns)
            await projector.catch_up()
        live = await rows(log, tenant)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for name in (*live, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
        await projector.catch_up()
    assert live["conversations"]
    assert live["costs"]
    assert await rows(log, tenant) == live


async def test_two_projectors_beside_four_writers_skip_nothing_and_double_nothing(log: Log) -> None:
    tenants = [uuid4() for _ in range(3)]
    async with projecting(log) as one, projecting(log) as two:
        runs = [asyncio.create_task(one.run()), asyncio.create_task(two.run())]
        await asyncio.gather(*(talk(log, tenants[n % 3], 25) for n in range(4)))
        for tenant in tenants:
            await one.wait(tenant)
        for run in runs:
            run.cancel()
        await asyncio.wait(runs)
    assert [await calls(log, tenant) for tenant in tenants] == [50, 25, 25]


class Poisoned(Costs):
    async def apply(self, batch: Any, sql: Any) -> None:
        if any(recorded.event.attempts[0].latency_ms == 666.0 for recorded in batch):
            raise ValueError("a text that may be personal")
        await super().apply(batch, sql)


async def test_a_poisoned_event_is_parked_and_the_others_go_on(log: Log) -> None:
    tenant, conversation = uuid4(), begun()
    for latency in (1.0, 666.0, 1.0, 1.0):
        exchange(conversation, latency)
    await log.store.save(conversation, context=context(tenant))
    projections = (Transcript(), Poisoned())
    async with projecting(log, projections) as projector:
        await projector.catch_up([tenant])
        found = {lag.projection: lag for lag in await lags(projector._system, projections, tenant)}
    assert (found["costs"].behind, found["costs"].parked, found["transcript"].parked) == (0, 1, 0)
    assert await calls(log, tenant) == 3
    with psycopg.connect(log.url) as superuser:
        query = "SELECT topic, error FROM retrace.parked WHERE tenant = %s"
        assert superuser.execute(query, [tenant]).fetchall() == [("conversation.metered", "ValueError")]


async def test_a_gap_in_the_log_stops_the_projection_instead_of_being_skipped(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 3)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace.events WHERE tenant = %s AND seq = 4", [tenant])
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
        found = await lags(projector._system, PROJECTIONS, tenant)
    assert len(found) == len(PROJECTIONS)
    assert all(lag.stopped == "the log does not go on after 3" and lag.position == 3 for lag in found)


async def test_a_projector_goes_on_after_its_connections_were_cut(log: Log) -> None:
    tenant = uuid4()
    async with projecting(log) as projector:
        run = asyncio.create_task(projector.run())
        await talk(log, tenant, 2)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            superuser.execute(CUT)
        await talk(log, tenant, 2)
        await projector.wait(tenant)
        run.cancel()
        await asyncio.wait([run])
    assert await calls(log, tenant) == 4


@given(
    st.lists(st.floats(min_value=0.001, max_value=1e7), min_size=1, max_size=200),
    st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]),
)
def test_percentiles_of_the_sketch_are_within_one_percent(latencies: list[float], share: float) -> None:
    buckets: dict[int, int] = {}
    for latency in latencies:
        buckets[bucket_of(latency)] = buckets.get(bucket_of(latency), 0) + 1
    exact = sorted(latencies)[int(share * (len(latencies) - 1))]
    assert abs(percentile(buckets, share) - exact) <= 0.0101 * exact
