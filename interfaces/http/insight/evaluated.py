"""Models side by side on a dataset: quality, cost, latency, handoffs, the trade-off frontier, a recommendation; as JSON or CSV."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from application.learning.compared import compared_on
from application.tenancy.authentication import Principal
from domain.learning.compared import Evaluated, metric_of, option_of
from domain.learning.result import Arm, Metric
from domain.learning.tradeoff import Option, Recommendation, frontier, recommend
from interfaces.bootstrap import Services
from interfaces.http.insight.models import as_csv

Version = Annotated[
    int | None, QueryParameter(ge=1, description="The latest with a finished evaluation, unless told.")
]


FEW = (
    "add cases to the dataset and evaluate again; GET /v1/evaluations tells which answers could not be judged"
)
"""What to do where there are too few judged answers of every model."""


class EvaluatedModelOut(msgspec.Struct, frozen=True, kw_only=True):
    """A variant, called by its model where that is all that it changes. `quality`: mean over `cases`, within `low` and `high` (95 %); null
    where nothing could be told. Its figures are of the `arm` of `evaluation`. Costs are in USD, latencies in ms. `frontier`: no other one is
    as good in quality, cost and latency and better in one of them."""

    name: str
    model: str | None
    evaluation: UUID
    arm: Arm
    cases: int
    quality: float | None
    low: float | None
    high: float | None
    failure_rate: float
    handoff_rate: float
    cost_per_answer: Decimal
    p50_ms: float | None
    p95_ms: float | None
    frontier: bool


class EvaluatedModelsOut(msgspec.Struct, frozen=True, kw_only=True):
    """`metric`: what `quality` is. `version`: of the dataset; null: none of its evaluations has finished."""

    dataset: UUID
    version: int | None
    metric: Metric
    items: list[EvaluatedModelOut]
    recommendation: Recommendation
    next_cursor: None = None


@get("/v1/analytics/models/evaluated", scope="analytics:view")
async def compare_evaluated(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    dataset: FromQuery[UUID],
    version: Version = None,
    format: FromQuery[Literal["json", "csv"]] = "json",
) -> Response[EvaluatedModelsOut] | Response[str]:
    """What the finished evaluations of a dataset's version have found, each variant as its latest one has it: how good its answers were, what
    they cost, how long they took. `quality` is the judge's mark where the same judge marked them all, else chrF. `format`: `json`, or `csv`
    without the recommendation. `next_cursor` is always null."""
    compared = await compared_on(dataset, version, principal.tenant, store=services.store)
    metric = metric_of(compared.found)
    options = [option_of(each, metric) for each in compared.found]
    best = frontier(options)
    items = [
        _shown(each, option, option.model in best)
        for each, option in zip(compared.found, options, strict=True)
    ]
    if format == "csv":
        return Response(as_csv(EvaluatedModelOut, items), media_type="text/csv; charset=utf-8")
    return Response(
        EvaluatedModelsOut(
            dataset=dataset,
            version=compared.version,
            metric=metric,
            items=items,
            recommendation=recommend(options, FEW),
        )
    )


def _shown(each: Evaluated, option: Option, best: bool) -> EvaluatedModelOut:
    low, high = option.interval if option.judged else (None, None)
    return EvaluatedModelOut(
        name=each.name,
        model=each.model,
        evaluation=each.evaluation,
        arm=each.arm,
        cases=option.judged,
        quality=option.quality,
        low=low,
        high=high,
        failure_rate=each.failure_rate,
        handoff_rate=each.handoff_rate,
        cost_per_answer=each.cost,
        p50_ms=None if each.latency is None else each.latency.p50,
        p95_ms=None if each.latency is None else each.latency.p95,
        frontier=best,
    )


ROUTER = Router("/", route_handlers=[compare_evaluated], tags=["analytics"])
