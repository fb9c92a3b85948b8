"""Models side by side on live traffic: quality, cost, latency, the trade-off frontier, a recommendation; as JSON or CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from application.tenancy.authentication import Principal
from domain.base.money import short
from domain.base.plain_digits import in_digits
from domain.learning.tradeoff import Option, Recommendation, frontier, recommend
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from projections.model_answers import ModelAnswers, ModelFigures, model_figures
from projections.period import period

Day = Annotated[date | None, QueryParameter(description="A day (UTC), as 2026-01-31.")]


class ModelOut(msgspec.Struct, frozen=True, kw_only=True):
    """`helpful_rate` lies within `low` and `high` (95 %); null where nothing was rated. Costs are in USD, latencies in ms. `frontier`: no
    other model is as good in quality, cost and latency and better in one of them."""

    model: str
    answers: int
    failure_rate: float
    handoff_rate: float
    rated: int
    helpful_rate: float | None
    low: float | None
    high: float | None
    cost: Decimal
    cost_per_answer: Decimal
    p50_ms: float | None
    p95_ms: float | None
    frontier: bool


class ModelsOut(msgspec.Struct, frozen=True, kw_only=True):
    items: list[ModelOut]
    recommendation: Recommendation
    next_cursor: None = None


@get("/v1/analytics/models", scope="analytics:view")
async def compare_models(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    format: FromQuery[Literal["json", "csv"]] = "json",
    at_least: AtLeast = None,
) -> Response[ModelsOut] | Response[str]:
    """Each model's answers to customers: how good they were, what they cost, how long they took; which models no other one beats, and
    which one to take. From `since` until before `until`, without them the last 30 days. `format`: `json`, or `csv` without the
    recommendation. `next_cursor` is always null."""
    start, end = period(since, until, services.clock().date())
    async with services.reads.at(principal.tenant, ModelAnswers(), at_least) as sql:
        figures = await model_figures(sql, principal.tenant, since=start, until=end)
    options = [_option(each) for each in figures]
    best = frontier(options)
    items = [
        _shown(each, option, option.model in best) for each, option in zip(figures, options, strict=True)
    ]
    if format == "csv":
        return Response(as_csv(ModelOut, items), media_type="text/csv; charset=utf-8")
    return Response(ModelsOut(items=items, recommendation=recommend(options)))


def as_csv(kind: type[msgspec.Struct], items: Sequence[msgspec.Struct]) -> str:
    """A head, and a row an item of that kind (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(kind.__struct_fields__)
    for item in items:
        writer.writerow("" if value is None else in_digits(value) for value in msgspec.structs.astuple(item))
    return text.getvalue()


def _option(figures: ModelFigures) -> Option:
    return Option(
        model=figures.model,
        judged=figures.rated,
        good=figures.helpful,
        cost=short(figures.cost / figures.answers),
        latency_ms=figures.p50_ms,
    )


def _shown(figures: ModelFigures, option: Option, best: bool) -> ModelOut:
    low, high = option.interval if option.judged else (None, None)
    return ModelOut(
        model=figures.model,
        answers=figures.answers,
        failure_rate=figures.failed / figures.answers,
        handoff_rate=figures.handed_over / figures.answers,
        rated=figures.rated,
        helpful_rate=option.quality,
        low=low,
        high=high,
        cost=figures.cost,
        cost_per_answer=option.cost,
        p50_ms=figures.p50_ms,
        p95_ms=figures.p95_ms,
        frontier=best,
    )


ROUTER = Router("/", route_handlers=[compare_models], tags=["analytics"])
