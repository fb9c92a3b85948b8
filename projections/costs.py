"""What did the providers cost, how often did they fail, how long did they take? Every call counts, also failed and cached ones.

Money is exact; percentiles are within 1 % (projections/sketch.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Column, Date, Integer, Numeric, String, Table, select

from domain.base.aggregate import Event
from domain.base.errors import Invalid
from domain.base.recorded import Recorded
from domain.kinds import METERED
from domain.models.completion import Attempt
from domain.models.metering import calls_of
from domain.models.pricing import EXACT
from domain.retrieval.document import Document
from projections.base import Sql, adding, metadata, tenant_column
from projections.sketch import bucket_of, percentile

costs = Table(
    "costs",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("provider", String, primary_key=True),
    Column("model", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("price", String, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("cancelled", BigInteger, nullable=False),
    Column("cached_calls", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("written_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("latency_us", BigInteger, nullable=False),
    Column("cost", Numeric, nullable=False),
    Column("unclear_calls", BigInteger, nullable=False),
    Column("estimated_calls", BigInteger, nullable=False),
    Column("unpriced_calls", BigInteger, nullable=False),
)
"""`calls` are all, `cached_calls` those among them that no provider was asked for; `latency_us` is the sum over the others."""

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

KEY = ("day", "provider", "model", "kind", "price")
SUMS = (
    "calls",
    "failures",
    "cancelled",
    "cached_calls",
    "input_tokens",
    "cached_tokens",
    "written_tokens",
    "output_tokens",
    "reasoning_tokens",
    "latency_us",
    "cost",
    "unclear_calls",
    "estimated_calls",
    "unpriced_calls",
)
_ADD_COSTS = adding(costs, SUMS)
_ADD_LATENCIES = adding(latencies, ("calls",))

LONGEST = timedelta(days=800)
USUAL = timedelta(days=30)
Sums = dict[tuple[date, str, str, str, str], list[Any]]


class Costs:
    name: ClassVar[str] = "costs"
    version: ClassVar[int] = 5
    tables: ClassVar[Sequence[Table]] = (costs, latencies)
    events: ClassVar[Sequence[type[Event]]] = METERED
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        sums: Sums = {}
        took: dict[tuple[date, str, str, int], int] = defaultdict(int)
        with localcontext(EXACT):
            for recorded in batch:
                event = recorded.event
                for attempt in calls_of(event):
                    _add_attempt(sums, took, attempt)
                if isinstance(event, Document.Processed) and not event.embeddings:
                    _add_embedding(sums, recorded.recorded_at.date(), event)
        tenant = batch[0].tenant
        await sql.put(
            _ADD_COSTS,
            [
                dict(zip(KEY, key, strict=True), tenant=tenant, **dict(zip(SUMS, row, strict=True)))
                for key, row in sums.items()
            ],
        )
        names = ("day", "provider", "model", "bucket")
        rows = [dict(zip(names, key, strict=True), tenant=tenant, calls=calls) for key, calls in took.items()]
        await sql.put(_ADD_LATENCIES, rows)


def _add_attempt(sums: Sums, took: dict[tuple[date, str, str, int], int], attempt: Attempt) -> None:
    day, provider, model = attempt.started_at.date(), attempt.provider, attempt.served or attempt.model
    key = (day, provider, model, attempt.kind, attempt.price or "")
    row = sums.get(key)
    if row is None:
        row = sums[key] = _nothing()
    usage, outcome = attempt.usage, attempt.outcome
    row[0] += 1
    if outcome != "ok":
        row[2 if outcome == "cancelled" else 1] += 1
    row[4] += usage.input
    row[5] += usage.cached
    row[6] += usage.written
    row[7] += usage.output
    row[8] += usage.reasoning
    row[10] += attempt.cost
    if attempt.cached:
        row[3] += 1  # nobody was asked: its latency is not the provider's
    else:
        row[11] += usage.source == "unknown"
        row[12] += usage.source in ("tokenizer", "estimate")
        row[13] += attempt.price is None and bool(usage.input or usage.output)
        row[9] += round(attempt.latency_ms * 1000)
        took[day, provider, model, bucket_of(attempt.latency_ms)] += 1


def _add_embedding(sums: Sums, day: date, event: Document.Processed) -> None:
    """A document's chunks, embedded, as they were recorded at first: one call; how long it took alone is not known."""
    provider, _, model = event.embedding_model.partition("/")
    row = sums.setdefault((day, provider, model, "embedding", ""), _nothing())
    row[0] += 1
    row[4] += event.tokens
    row[10] += event.cost


def _nothing() -> list[Any]:
    return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, Decimal(0), 0, 0, 0]


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one group of calls used; `provider`, `model` and `kind` are null where the group has several.

    `failures` and those `cancelled` by their callers are part of `calls`, as are the `cached_calls`, for which no provider was asked.
    `unclear_calls` are those whose usage came in a form that fits none of ours and was charged by the larger reading,
    `estimated_calls` those that we counted ourselves, `unpriced_calls` those of a model without a price, which cost nothing here.
    `success_rate` is that of calls that were not cancelled, 0 to 1. `cost` is in USD, exact; latencies are in ms, those of the
    `measured_calls`, for which a provider was asked; percentiles within 1 %, null where there are too few calls for one (2 for the
    median, 20 for the 95th, 100 for the 99th). What there is no call for is null.
    """

    provider: str | None
    model: str | None
    kind: str | None
    since: date
    calls: int
    failures: int
    cancelled: int
    cached_calls: int
    success_rate: float | None
    input_tokens: int
    cached_tokens: int
    written_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cost: Decimal
    unclear_calls: int
    estimated_calls: int
    unpriced_calls: int
    prices: tuple[str, ...]
    measured_calls: int
    average_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


By = Literal["day", "month", "all"]
Per = Literal["model", "provider", "tenant"]
Group = tuple[date, str | None, str | None]


def period(since: date | None, until: date | None, today: date) -> tuple[date, date]:
    """From and until before which day (UTC); without them the last 30 days, today with them. Raises Invalid."""
    end = until or today + timedelta(days=1)
    if end <= date.min + USUAL:
        raise Invalid("until lies too long ago")
    start = since or end - USUAL
    if not start < end or end - start > LONGEST:
        raise Invalid("since must lie before until, by at most 800 days")
    return start, end


async def usage(
    sql: Sql, tenant: UUID, *, since: date, until: date, by: By = "day", per: Per = "model"
) -> list[Usage]:
    """Usage by day (month, all) and model (provider, the whole tenant), for the days from `since` until before `until`."""

    def group(row: Mapping[str, Any]) -> Group:
        day = {"day": row["day"], "month": row["day"].replace(day=1), "all": since}[by]
        provider = None if per == "tenant" else row["provider"]
        return day, provider, row["model"] if per == "model" else None

    groups: dict[Group, list[Mapping[str, Any]]] = defaultdict(list)
    within = select(costs).where(costs.c.tenant == tenant, costs.c.day >= since, costs.c.day < until)
    order = (costs.c.day, costs.c.provider, costs.c.model, costs.c.kind, costs.c.price)
    for row in await sql.all(within.order_by(*order)):
        groups[group(row)].append(row)
    sketches: dict[Group, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    within = select(latencies).where(
        latencies.c.tenant == tenant, latencies.c.day >= since, latencies.c.day < until
    )
    for row in await sql.all(within):
        sketches[group(row)][row["bucket"]] += row["calls"]
    return [_usage(key, rows, sketches[key]) for key, rows in groups.items()]


def _usage(key: Group, rows: Sequence[Mapping[str, Any]], sketch: Mapping[int, int]) -> Usage:
    with localcontext(EXACT):
        sums = {name: sum((row[name] for row in rows), type(rows[0][name])(0)) for name in SUMS}
    took, measured = sums.pop("latency_us"), sum(sketch.values())
    ended = sums["calls"] - sums["cancelled"]
    kinds = {row["kind"] for row in rows}
    return Usage(
        provider=key[1],
        model=key[2],
        kind=kinds.pop() if len(kinds) == 1 else None,
        since=key[0],
        prices=tuple(sorted({row["price"] for row in rows if row["price"]})),
        success_rate=1 - sums["failures"] / ended if ended else None,
        measured_calls=measured,
        average_ms=round(took / 1000 / measured, 3) if measured else None,
        p50_ms=percentile(sketch, 0.5),
        p95_ms=percentile(sketch, 0.95),
        p99_ms=percentile(sketch, 0.99),
        **sums,
    )
