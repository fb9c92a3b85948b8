"""Overview: the few figures that whoever answers for the whole looks at first."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.formats import money
from interfaces.http.console.insight.board import Card, Column, Grid, board, by_day, since_of, span_of
from interfaces.http.console.insight.costs import cost_cards
from interfaces.http.console.insight.quality import figures, quality_cards
from interfaces.http.insight.asking import asked_of
from projections.comparison import compare
from projections.costs import Costs
from projections.usage import usage


@get("/console/insight", scope="analytics:view")
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """Answers, how good they were, and what they cost."""
    span = span_of(request)
    since, until = since_of(services, span)
    asked = await asked_of(services, principal.tenant, since, until, "day", None)
    (report,) = await figures(services, principal, asked, "tenant")
    async with services.reads.at(principal.tenant, Costs()) as sql:
        days = await usage(sql, principal.tenant, since=since, until=until, per="tenant")
        models = await compare(sql, principal.tenant, since=since, until=until)
    cost, answers = cost_cards(models, span), sum(x.answers for x in report.totals)
    total = sum(x.cost for x in models)
    each = Card("Cost of an answer", money(total / answers if answers else None))
    return board(
        request,
        services,
        title="Overview",
        span=span,
        about="Answers in the tenant's days, costs in days of UTC.",
        cards=[*quality_cards(report), cost[0], each],
        grids=[
            Grid(
                caption="Answers by day",
                columns=[Column("Day", "day"), Column("Answers"), Column("Handed over"), Column("Failed")],
                rows=[[x.since, x.answers, x.handed_over, x.failed] for x in report.items],
                chart="line",
            ),
            Grid(
                caption="Rated helpful by day",
                columns=[Column("Day", "day"), Column("Helpful", "percent")],
                rows=[[x.since, x.positive_rate] for x in report.items],
                chart="line",
            ),
            by_day(
                "Cost by day", ((x.since, "Cost", x.cost) for x in days), since, until, "money", "stacked"
            ),
        ],
    )


ROUTER = Router("/", route_handlers=[read], include_in_schema=False, exception_handlers=HANDLERS)
