"""Usage: what was used, by day and month, model and provider, asked of the read models costs and served_ratings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext
from typing import Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import select

from domain.base.sketch import percentile
from domain.models.pricing import EXACT
from projections.base import Sql
from projections.costs import SUMS, costs, latencies
from projections.served_ratings import rated


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one group of calls used; `provider`, `model` and `kind` are null where the group has several.

    `failures` and those `cancelled` by their callers are part of `calls`, as are the `cached_calls`, for which no provider was asked.
    `unclear_calls` are those whose usage came in a form that fits none of ours and was charged by the larger reading,
    `estimated_calls` those that we counted ourselves, `unpriced_calls` those of a model without a price, which cost nothing here.
    `success_rate` is that of calls that were not cancelled, 0 to 1. `cost` is in USD, exact; latencies are in ms, those of the
    `measured_calls`, for which a provider was asked; percentiles within 1 %, null where there are too few calls for one (2 for the
    median, 20 for the 95th, 100 for the 99th). What there is no call for is null.

    `rated`: answers that these calls gave and that were rated, whenever that was; `feedback_score`: how many of them as helpful, 0 to 1.
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
    rated: int
    feedback_score: float | None


By = Literal["day", "month", "all"]


Per = Literal["model", "provider", "tenant"]


Group = tuple[date, str | None, str | None]


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
    scores: dict[Group, list[int]] = defaultdict(lambda: [0, 0])
    for row in await rated(sql, tenant, since=since, until=until):
        score = scores[group(row)]
        score[0] += row["rated"]
        score[1] += row["helpful"]
    return [_usage(key, rows, sketches[key], *scores[key]) for key, rows in groups.items()]


def _usage(
    key: Group, rows: Sequence[Mapping[str, Any]], sketch: Mapping[int, int], rated: int, helpful: int
) -> Usage:
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
        rated=rated,
        feedback_score=helpful / rated if rated else None,
        **sums,
    )
