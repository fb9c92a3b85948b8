"""Quality: ratings, completion, handoff and response times, by day and by model."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from msgspec.structs import replace

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.formats import duration, number, percent
from interfaces.http.console.insight.board import Card, Column, Grid, board, since_of, span_of
from interfaces.http.insight.asking import asked_of
from projections.answer_figures import AnswerFigures
from projections.asked import Per, Target
from projections.quality import QualityFigures, QualityReport, quality


@get("/console/insight/quality", scope="analytics:view")
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """In the tenant's time zone, by the tenant's definitions."""
    span = span_of(request)
    report, models = await figures(services, principal, span, "tenant", "model")
    rate = [
        Column("Day", "day"),
        *(Column(title, "percent") for title in ("Helpful", "Complete", "Handed over")),
    ]
    return board(
        request,
        services,
        title="Quality",
        span=span,
        about=f"Days of {report.used.zone}, by version {report.used.version} of the definitions.",
        cards=quality_cards(report),
        grids=[
            Grid(
                caption="Rates by day",
                columns=rate,
                rows=[[x.since, x.positive_rate, x.completion_rate, x.handoff_rate] for x in report.items],
                chart="line",
            ),
            Grid(
                caption="Response time by day",
                columns=[Column("Day", "day"), Column("Median", "duration"), Column("95th", "duration")],
                rows=[[x.since, x.p50_response_ms, x.p95_response_ms] for x in report.items],
                chart="line",
            ),
            Grid(
                caption="By model",
                columns=[
                    Column("Model", "text"),
                    Column("Answers"),
                    Column("Rated"),
                    Column("Helpful", "percent"),
                    Column("Complete", "percent"),
                    Column("Handed over", "percent"),
                    Column("Median", "duration"),
                    Column("95th", "duration"),
                ],
                rows=[_row(x) for x in sorted(models.totals, key=lambda x: -x.answers)],
            ),
        ],
    )


async def figures(services: Services, principal: Principal, span: int, *pers: Per) -> list[QualityReport]:
    """For each of `pers`; of the whole tenant by day, of each part of it over all days."""
    since, until = since_of(services, span)
    asked = await asked_of(services, principal.tenant, since, until, "day", None)
    over_all = replace(asked, by="all")
    async with services.reads.at(principal.tenant, AnswerFigures()) as sql:
        return [
            await quality(sql, principal.tenant, asked if per == "tenant" else over_all, per) for per in pers
        ]


def quality_cards(report: QualityReport) -> list[Card]:
    """Of all days together, beside what is aimed at."""
    if not report.totals:
        return []
    (total,) = report.totals
    return [
        Card("Answers", number(total.answers), f"{number(total.failed)} messages got none"),
        _card(
            "Rated helpful", total.positive_rate, report.targets["positive_rate"], f"of {total.rated} ratings"
        ),
        _card("Complete", total.completion_rate, report.targets["completion_rate"]),
        _card("Handed over", total.handoff_rate, report.targets["handoff_rate"]),
        Card("Response time", duration(total.p50_response_ms), f"95th: {duration(total.p95_response_ms)}"),
    ]


def _card(title: str, rate: float | None, target: Target, note: str = "") -> Card:
    if target.above is not None:
        aim, met = f"aimed at above {percent(target.above, 0)}", rate is not None and rate > target.above
    else:
        below = target.below or 0.0
        aim, met = f"aimed at below {percent(below, 0)}", rate is not None and rate < below
    return Card(
        title, percent(rate), f"{note + ', ' if note else ''}{aim}", met if rate is not None else None
    )


def _row(x: QualityFigures) -> list[Any]:
    rates = [x.positive_rate, x.completion_rate, x.handoff_rate]
    return [x.value or "none", x.answers, x.rated, *rates, x.p50_response_ms, x.p95_response_ms]


ROUTER = Router("/", route_handlers=[read], include_in_schema=False, exception_handlers=HANDLERS)
