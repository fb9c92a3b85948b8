"""What did the providers cost, how often did they fail, how long did they take? Every call counts, also failed and cached ones.

Money is exact; percentiles are within 1 % (domain/base/sketch.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Any, ClassVar, Literal

from sqlalchemy import BigInteger, Column, Date, Integer, Numeric, String, Table

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.base.sketch import bucket_of
from domain.kinds import METERED
from domain.models.completion import Attempt
from domain.models.metering import calls_of
from domain.models.pricing import EXACT
from domain.retrieval.document import Document
from projections.base import Sql, adding, metadata, tenant_column

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
