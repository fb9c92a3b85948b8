"""Costs: what models cost by day, and what they were used for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.formats import money, number, percent
from interfaces.http.console.insight.board import Card, Column, Grid, board, by_day, since_of, span_of
from projections.comparison import Compared, compare
from projections.costs import Costs
from projections.usage import Usage, usage


@get("/console/insight/costs", scope="analytics:view")
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """Days in UTC, as usage has them; exact sums, rounded for the page."""
    span = span_of(request)
    since, until = since_of(services, span)
    async with services.reads.at(principal.tenant, Costs()) as sql:
        days = await usage(sql, principal.tenant, since=since, until=until)
        models = await compare(sql, principal.tenant, since=since, until=until)
    named = [(each.since, model_of(each), each) for each in days]
    return board(
        request,
        services,
        title="Costs",
        span=span,
        about="Days in UTC. Every paid call counts, whatever became of it.",
        cards=cost_cards(models, span),
        grids=[
            by_day(
                "Cost by day", ((on, name, x.cost) for on, name, x in named), since, until, "money", "stacked"
            ),
            by_day("Calls by day", ((on, name, x.calls) for on, name, x in named), since, until, "number"),
            Grid(
                caption="By model",
                columns=[
                    Column("Model", "text"),
                    Column("Kind", "text"),
                    Column("Calls"),
                    Column("Cost", "money"),
                    Column("Per 1,000 calls", "money"),
                    Column("Per million tokens", "money"),
                    Column("From the cache", "percent"),
                ],
                rows=[_row(x) for x in models],
            ),
        ],
    )


def model_of(each: Usage | Compared) -> str:
    return f"{each.provider}/{each.model}"


def cost_cards(models: list[Compared], span: int) -> list[Card]:
    total = sum((x.cost for x in models), Decimal(0))
    calls, cached = sum(x.calls for x in models), sum(round(x.calls * x.cache_share) for x in models)
    return [
        Card("Cost", money(total), f"{money(total / span)} a day"),
        Card("Calls of models", number(calls)),
        Card("From our cache", percent(cached / calls if calls else None)),
    ]


def _row(x: Compared) -> list[Any]:
    per = [x.cost_per_1000_calls, x.cost_per_million_tokens, x.cache_share]
    return [model_of(x), x.kind, x.calls, x.cost, *per]


ROUTER = Router("/", route_handlers=[read], include_in_schema=False, exception_handlers=HANDLERS)
