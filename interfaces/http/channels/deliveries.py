"""How many messages went out by channels, and what became of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import AtLeast
from projections.deliveries import Deliveries, FigureRow, figures_of
from projections.period import period

Day = Annotated[date | None, QueryParameter(description="A day (UTC), as 2026-01-31.")]


@get("/v1/channels/deliveries", scope="analytics:view")
async def read(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    at_least: AtLeast = None,
) -> Page[FigureRow]:
    """Messages by the day on which they were due, by form and by what became of them, from `since` until before `until`.

    Without them the last 30 days. `next_cursor` is always null.
    """
    start, end = period(since, until, services.clock().date())
    async with services.reads.at(principal.tenant, Deliveries(), at_least) as sql:
        return Page(await figures_of(sql, principal.tenant, start, end - timedelta(days=1)), None)


ROUTER = Router("/", route_handlers=[read], tags=["channels"])
