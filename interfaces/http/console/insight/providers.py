"""Providers: how they do at this moment, how quick and reliable they were, and where another model answered than was asked for."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from application.gateway.health import health_of
from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.insight.board import Column, Grid, board, by_day, since_of, span_of
from interfaces.http.console.insight.costs import model_of
from interfaces.http.gateway.health import shown_health
from projections.comparison import compare
from projections.costs import Costs
from projections.drift import Drift, list_drift
from projections.usage import usage


@get("/console/insight/providers", scope="analytics:view")
async def read(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> Response[Any]:
    """The last minute, then the days."""
    span, tenant = span_of(request), principal.tenant
    since, until = since_of(services, span)
    async with services.reads.at(tenant, Costs()) as sql:
        days = await usage(sql, tenant, since=since, until=until)
        models = await compare(sql, tenant, since=since, until=until)
    async with services.reads.at(tenant, Drift()) as sql:
        substitutions = await list_drift(sql, tenant)
    return board(
        request,
        services,
        title="Provider figures",
        span=span,
        cards=[],
        grids=[
            await _now(services, principal),
            Grid(
                caption="Reliability and latency",
                columns=[
                    Column("Model", "text"),
                    Column("Calls"),
                    Column("Success", "percent"),
                    Column("Median", "duration"),
                    Column("95th", "duration"),
                    Column("99th", "duration"),
                ],
                rows=[[model_of(x), x.calls, x.success_rate, x.p50_ms, x.p95_ms, x.p99_ms] for x in models],
            ),
            by_day(
                "Failures by day", ((x.since, model_of(x), x.failures) for x in days), since, until, "number"
            ),
            Grid(
                caption="Where another model answered than was asked for",
                note="A dated revision of the same model is none that was rerouted.",
                columns=[
                    Column("Asked for", "text"),
                    Column("Answered", "text"),
                    Column("Calls"),
                    Column("Rerouted", "text"),
                ],
                rows=[
                    [f"{x.provider}/{x.requested}", x.served, x.calls, "yes" if x.rerouted else "no"]
                    for x in substitutions
                ],
            ),
        ],
    )


async def _now(services: Services, principal: Principal) -> Grid:
    found = await health_of(
        principal.tenant, health=services.health, store=services.store, catalogue=services.catalogue
    )
    at = services.clock().timestamp()
    shown = sorted(
        (shown_health(place, lately, at) for place, lately in found.items()),
        key=lambda each: (each.provider, each.model, each.own),
    )
    return Grid(
        caption="At this moment",
        note="Of the models that were called within an hour.",
        columns=[
            Column("Model", "text"),
            Column("State", "text"),
            Column("Calls"),
            Column("Success", "percent"),
            Column("95th", "duration"),
            Column("Why", "text"),
        ],
        rows=[
            [f"{x.provider}/{x.model}", x.state, x.calls, x.success_rate, x.p95_ms, x.reason] for x in shown
        ],
    )


ROUTER = Router("/", route_handlers=[read], include_in_schema=False, exception_handlers=HANDLERS)
