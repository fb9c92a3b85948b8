"""How do the providers' models compare, by what is known of their costs? Reads the tables of `costs`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID

import msgspec

from projections.base import Sql
from projections.usage import Usage, usage


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One model beside the others. Costs are in USD, rounded to 10⁻⁶: of 1,000 calls that a provider was asked for, and of a million
    tokens, in and out. `cache_share` is the part of all calls that were answered without asking, `cached_input_share` the part
    of the input that the provider had in its own cache. `prices` are those that it was charged by. Latencies, ratings, and what is null, as of
    `Usage`."""

    provider: str | None
    model: str | None
    kind: str | None
    calls: int
    success_rate: float | None
    measured_calls: int
    average_ms: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    cost: Decimal
    prices: tuple[str, ...]
    cost_per_1000_calls: Decimal
    cost_per_million_tokens: Decimal
    cache_share: float
    cached_input_share: float
    rated: int
    feedback_score: float | None


async def compare(sql: Sql, tenant: UUID, *, since: date, until: date) -> list[Compared]:
    """Every provider's models over the same days, those with the most calls first."""
    found = await usage(sql, tenant, since=since, until=until, by="all")
    return [_compared(each) for each in sorted(found, key=lambda each: -each.calls)]


def _compared(used: Usage) -> Compared:
    asked, tokens = used.calls - used.cached_calls, used.input_tokens + used.output_tokens
    return Compared(
        **{name: getattr(used, name) for name in Compared.__struct_fields__ if hasattr(used, name)},
        cost_per_1000_calls=_per(used.cost * 1000, asked),
        cost_per_million_tokens=_per(used.cost * 1_000_000, tokens),
        cache_share=used.cached_calls / used.calls,
        cached_input_share=used.cached_tokens / max(1, used.input_tokens),
    )


def _per(cost: Decimal, count: int) -> Decimal:
    return round(cost / max(1, count), 6)
