"""The read model `costs` on the real log, against sums made apart from it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import ceil
from statistics import mean
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from msgspec.structs import replace

from domain.base.errors import Invalid
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.models.completion import Attempt, Usage
from domain.retrieval.document import Document
from infra.projections.sql import TransactionSql
from projections.comparison import Compared, compare
from projections.costs import Costs
from projections.period import period
from projections.usage import By, Per, usage
from projections.usage import Usage as Used
from tests.infra.log.parts import Log, context, now
from tests.infra.projections.parts import projecting, rows
from tests.projections.calls import attempt, call, meter

FIRST, LAST = date(2026, 10, 1), date(2026, 12, 1)


async def read(log: Log, tenant: UUID, by: By = "all", per: Per = "model") -> list[Used]:
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
    async with log.database.tenant(tenant) as connection:
        return await usage(TransactionSql(connection), tenant, since=FIRST, until=LAST, by=by, per=per)


async def test_every_call_counts_whatever_became_of_it(log: Log) -> None:
    tenant = uuid4()
    await meter(log, tenant, attempt("timeout", latency_ms=300), attempt(latency_ms=100))
    await meter(log, tenant, attempt("cancelled", latency_ms=20))
    await meter(log, tenant, attempt(cached=True, latency_ms=0.4))
    await call(log, tenant, attempt(latency_ms=200), attempt(model="e", embedding=True, cost="0.5"))
    one, other = sorted(await read(log, tenant), key=lambda used: str(used.model))
    assert (one.model, one.kind, one.calls, one.cost) == ("e", "embedding", 1, Decimal("0.5"))
    assert (other.model, other.kind) == ("m", "chat")
    assert (other.calls, other.failures, other.cancelled, other.cached_calls) == (5, 1, 1, 1)
    assert other.success_rate == 0.75
    assert (other.input_tokens, other.cached_tokens, other.written_tokens) == (300, 60, 15)
    assert (other.output_tokens, other.reasoning_tokens) == (30, 9)
    assert (other.cost, other.prices) == (Decimal("0.002"), ("p/m@2026-01-01",))
    assert other.average_ms == 155  # 300, 100, 20, 200: what came out of the cache asked nobody
    assert other.measured_calls == 4
    assert other.p50_ms == pytest.approx(100, rel=0.0101)
    assert (other.p95_ms, other.p99_ms) == (None, None)  # of so few there is none


async def test_calls_of_unclear_usage_or_price_and_those_that_we_counted_are_told_apart(log: Log) -> None:
    tenant = uuid4()
    unclear, ours = Usage(input=9, output=1, source="unknown"), Usage(input=9, output=1, source="estimate")
    for used, price in ((unclear, "p/m@2026-01-01"), (ours, None), (Usage(), None)):
        await meter(log, tenant, replace(attempt(), usage=used, price=price))
    await meter(log, tenant, attempt(cached=True))
    (found,) = await read(log, tenant)
    assert (found.calls, found.unclear_calls, found.estimated_calls, found.unpriced_calls) == (4, 1, 1, 1)


@pytest.mark.parametrize("at_first", [True, False])
async def test_a_document_s_embedding_is_a_call(log: Log, at_first: bool) -> None:
    """`at_first`: as it was recorded then, without a latency."""
    tenant = uuid4()
    made = replace(
        attempt(provider="openai", model="text-embedding-3-small", embedding=True, cost="0.0000014"),
        usage=Usage(input=70),
        started_at=now(),
    )
    document = Document.upload(
        uuid4(), name="a.txt", media_type="text/plain", size=3, content_hash="0" * 64, at=now()
    )
    document.start_processing(now())
    document.complete(
        pages=1,
        chunks=2,
        tokens=70,
        embedding_model="openai/text-embedding-3-small",
        dimension=1536,
        embeddings=(made,),
        took_ms=12.0,
        at=now(),
    )
    if at_first:
        last: Any = document.pending_events[-1]
        document.pending_events[-1] = replace(last, embeddings=())
    await log.store.save(document, context=context(tenant))
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
    async with log.database.tenant(tenant) as connection:
        sql, today = TransactionSql(connection), datetime.now(UTC).date()
        (used,) = await usage(sql, tenant, since=today - timedelta(days=1), until=today + timedelta(days=2))
    assert (used.provider, used.kind, used.calls) == ("openai", "embedding", 1)
    assert (used.input_tokens, used.cost) == (70, Decimal("0.0000014"))
    assert used.average_ms == (None if at_first else 10)


def some(draw: random.Random) -> Attempt:
    return attempt(
        draw.choice(["ok", "ok", "ok", "timeout", "cancelled", "rate_limited"]),
        provider=draw.choice(["p", "q"]),
        model=draw.choice(["m", "n"]),
        day=draw.randrange(1, 60),
        latency_ms=round(draw.lognormvariate(6, 1), 3),
        cost=str(Decimal(draw.randrange(10**9)).scaleb(-18)),
        cached=draw.random() < 0.2,
    )


def group(attempts: Sequence[Attempt], by: By, per: Per) -> dict[tuple[object, ...], list[Attempt]]:
    found: dict[tuple[object, ...], list[Attempt]] = {}
    for each in attempts:
        day = each.started_at.date()
        since = {"day": day, "month": day.replace(day=1), "all": FIRST}[by]
        provider = each.provider if per != "tenant" else None
        model = each.model if per == "model" else None
        found.setdefault((since, provider, model), []).append(each)
    return found


@pytest.mark.parametrize("by", ["day", "month", "all"])
@pytest.mark.parametrize("per", ["model", "provider", "tenant"])
async def test_summaries_equal_sums_made_by_hand(log: Log, by: By, per: Per) -> None:
    draw, tenant, made = random.Random(f"{by}{per}"), uuid4(), list[Attempt]()
    for _ in range(30):
        attempts = [some(draw) for _ in range(draw.randrange(1, 6))]
        await (meter if draw.random() < 0.5 else call)(log, tenant, *attempts)
        made += attempts
    expected, found = group(made, by, per), await read(log, tenant, by, per)
    assert {(used.since, used.provider, used.model) for used in found} == set(expected)
    for used in found:
        own = expected[used.since, used.provider, used.model]
        assert used.calls == len(own)
        assert used.cost == sum(each.cost for each in own)
        assert used.failures == sum(each.outcome not in ("ok", "cancelled") for each in own)
        assert used.cached_calls == sum(each.cached for each in own)
        assert used.input_tokens == sum(each.usage.input for each in own)
        took = sorted(each.latency_ms for each in own if not each.cached)
        assert used.measured_calls == len(took)
        assert used.average_ms == (pytest.approx(mean(took), abs=2e-3) if took else None)
        for name, share, fewest in (("p50_ms", 0.5, 2), ("p95_ms", 0.95, 20), ("p99_ms", 0.99, 100)):
            few = len(took) < fewest
            exact = None if few else took[ceil(round(share * len(took), 6)) - 1]
            assert getattr(used, name) == (None if few else pytest.approx(exact, rel=0.0101)), name


async def test_a_rebuild_in_one_batch_equals_what_came_event_by_event(log: Log) -> None:
    tenant, draw = uuid4(), random.Random(5)
    async with projecting(log) as projector:
        for _ in range(12):
            await meter(log, tenant, *(some(draw) for _ in range(3)))
            await call(log, tenant, some(draw))
            await projector.catch_up([tenant])
        live = await rows(log, tenant)
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for name in (*live, "cursors"):
                superuser.execute(f"DELETE FROM retrace.{name} WHERE tenant = %s".encode(), [tenant])
        await projector.catch_up([tenant])
    assert live["costs"]
    assert live["costs_latency"]
    assert await rows(log, tenant) == live


async def test_models_are_compared_over_the_same_days(log: Log) -> None:
    tenant = uuid4()
    await meter(log, tenant, *(attempt(latency_ms=100, cost="0.002") for _ in range(3)), attempt(cached=True))
    await meter(log, tenant, attempt("unavailable", model="n"), attempt(model="n", cost="0.0000001"))
    async with projecting(log) as projector:
        await projector.catch_up([tenant])
    async with log.database.tenant(tenant) as connection:
        first, second = await compare(TransactionSql(connection), tenant, since=FIRST, until=LAST)
    assert isinstance(first, Compared)
    assert (first.model, first.calls, first.success_rate, first.cache_share) == ("m", 4, 1.0, 0.25)
    assert (first.average_ms, first.cost) == (100, Decimal("0.006"))
    assert first.cost_per_1000_calls == 2
    assert first.cost_per_million_tokens == round(Decimal("0.006") / 440 * 1_000_000, 6)
    assert first.cached_input_share == 0.2
    assert (second.model, second.success_rate, second.cost_per_1000_calls) == ("n", 0.5, Decimal("0.00005"))


def test_a_period_has_thirty_days_and_ends_today_unless_it_is_said() -> None:
    today = date(2026, 11, 21)
    assert period(None, None, today) == (date(2026, 10, 23), date(2026, 11, 22))
    assert period(date(2026, 1, 1), date(2026, 2, 1), today) == (date(2026, 1, 1), date(2026, 2, 1))
    for since, until in ((today, today), (date(2020, 1, 1), today), (None, date.min)):
        with pytest.raises(Invalid):
            period(since, until, today)


def test_every_event_with_attempts_is_read() -> None:
    assert {Conversation.Metered, Call.Metered} <= set(Costs.events)
