"""What did the providers cost, how often did they fail, how long did they take?

Money is exact. Latencies go into a sketch whose buckets are rows, so that days, models and tenants merge by adding:
DDSketch (Masson, Rim, Lee: DDSketch, VLDB 2019) with relative accuracy α = 1 %: a latency x > 0 in ms falls into bucket
⌈log_γ x⌉, γ = (1 + α) / (1 − α), and is read back as 2γ^bucket / (γ + 1).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Column, Date, Integer, Numeric, String, Table, func, select

from domain.base import Event
from domain.completion import Attempt
from domain.conversation import Conversation
from domain.document import Document
from domain.recorded import Recorded
from projections.base import Sql, adding, metadata, tenant_column

ACCURACY = 0.01
GAMMA = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_GAMMA = math.log(GAMMA)
FASTEST = 1e-3
"""Milliseconds; what is faster counts as this."""

costs = Table(
    "costs",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("provider", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("price", String, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("cost", Numeric, nullable=False),
)

latencies = Table(
    "costs_latency",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("provider", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("bucket", Integer, primary_key=True),
    Column("calls", BigInteger, nullable=False),
)

SUMS = ("calls", "failures", "input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost")


def bucket_of(latency_ms: float) -> int:
    """The sketch's bucket of a latency."""
    return math.ceil(math.log(max(latency_ms, FASTEST)) / _LOG_GAMMA)


def percentile(buckets: Mapping[int, int], share: float) -> float:
    """The latency in ms below which `share` (0 to 1) of the calls lie, within 1 %; 0 when there are none."""
    left = share * (sum(buckets.values()) - 1)
    for bucket in sorted(buckets):
        left -= buckets[bucket]
        if left < 0:
            return float(2 * GAMMA**bucket / (GAMMA + 1))
    return 0.0


class Costs:
    name: ClassVar[str] = "costs"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (costs, latencies)
    events: ClassVar[Sequence[type[Event]]] = (
        Conversation.Metered,
        Document.Processed,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        sums: dict[tuple[date, str, str, str], list[Any]] = {}
        took: dict[tuple[date, str, str, int], int] = defaultdict(int)
        for recorded in batch:
            event = recorded.event
            if isinstance(event, Document.Processed):
                _add_embedding(sums, recorded.recorded_at.date(), event)
                continue
            assert isinstance(event, Conversation.Metered)
            for attempt in event.attempts:
                _add_attempt(sums, took, attempt)
        tenant = batch[0].tenant
        names = ("day", "provider", "model", "price")
        await sql.put(
            _ADD_COSTS,
            [
                dict(zip(names, key, strict=True), tenant=tenant, **dict(zip(SUMS, row, strict=True)))
                for key, row in sums.items()
            ],
        )
        names = ("day", "provider", "model", "bucket")
        rows = [dict(zip(names, key, strict=True), tenant=tenant, calls=calls) for key, calls in took.items()]
        await sql.put(_ADD_LATENCIES, rows)


def _add_attempt(
    sums: dict[tuple[date, str, str, str], list[Any]],
    took: dict[tuple[date, str, str, int], int],
    attempt: Attempt,
) -> None:
    day, provider, model = attempt.started_at.date(), attempt.provider, attempt.served or attempt.model
    row = sums.get((day, provider, model, attempt.price or ""))
    if row is None:
        row = sums[day, provider, model, attempt.price or ""] = [0, 0, 0, 0, 0, 0, Decimal(0)]
    usage = attempt.usage
    row[0] += 1
    if attempt.outcome != "ok":
        row[1] += 1
    row[2] += usage.input
    row[3] += usage.cached
    row[4] += usage.output
    row[5] += usage.reasoning
    row[6] += attempt.cost
    took[day, provider, model, bucket_of(attempt.latency_ms)] += 1


def _add_embedding(
    sums: dict[tuple[date, str, str, str], list[Any]], day: date, event: Document.Processed
) -> None:
    provider, _, model = event.embedding_model.partition("/")
    row = sums.setdefault((day, provider, model, ""), [0, 0, 0, 0, 0, 0, Decimal(0)])
    row[0] += 1
    row[2] += event.tokens
    row[6] += event.cost


_ADD_COSTS = adding(costs, SUMS)
_ADD_LATENCIES = adding(latencies, ("calls",))


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one group of calls used. `cost` is in USD, exact; latencies are in ms, within 1 %."""

    provider: str
    model: str
    since: date
    calls: int
    failures: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: Decimal
    prices: tuple[str, ...]
    p50_ms: float
    p95_ms: float
    p99_ms: float


async def usage(
    sql: Sql, tenant: UUID, *, since: date, until: date, by: Literal["day", "month", "all"] = "day"
) -> list[Usage]:
    """Usage by provider, model and day (month, all) for the days from `since` until before `until`."""
    groups: dict[tuple[date, str, str], list[Mapping[str, Any]]] = defaultdict(list)
    sketches: dict[tuple[date, str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def start(day: date) -> date:
        return {"day": day, "month": day.replace(day=1), "all": since}[by]

    within = select(costs).where(costs.c.tenant == tenant, costs.c.day >= since, costs.c.day < until)
    for row in await sql.all(within.order_by(costs.c.day, costs.c.provider, costs.c.model, costs.c.price)):
        groups[start(row["day"]), row["provider"], row["model"]].append(row)
    sketch = (
        select(
            latencies.c.day,
            latencies.c.provider,
            latencies.c.model,
            latencies.c.bucket,
            func.sum(latencies.c.calls).label("n"),
        )
        .where(latencies.c.tenant == tenant, latencies.c.day >= since, latencies.c.day < until)
        .group_by(latencies.c.day, latencies.c.provider, latencies.c.model, latencies.c.bucket)
    )
    for row in await sql.all(sketch):
        sketches[start(row["day"]), row["provider"], row["model"]][row["bucket"]] += int(row["n"])
    return [
        Usage(
            provider=provider,
            model=model,
            since=day,
            prices=tuple(sorted({row["price"] for row in rows if row["price"]})),
            p50_ms=percentile(sketches[day, provider, model], 0.5),
            p95_ms=percentile(sketches[day, provider, model], 0.95),
            p99_ms=percentile(sketches[day, provider, model], 0.99),
            **{name: sum((row[name] for row in rows), type(rows[0][name])(0)) for name in SUMS},
        )
        for (day, provider, model), rows in groups.items()
    ]
