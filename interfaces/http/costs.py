"""What the providers cost and how they did."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Literal

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from application.tenant import Principal
from domain.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.pages import Page
from interfaces.http.position import AtLeast
from projections.costs import Costs, Usage, usage

LONGEST = timedelta(days=800)
USUAL = timedelta(days=30)
Day = Annotated[date | None, QueryParameter(description="A day (UTC), as 2026-01-31.")]


@get("/v1/providers/usage", scope="analytics:view")
async def read(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    by: FromQuery[Literal["day", "month", "all"]] = "day",
    at_least: AtLeast = None,
) -> Page[Usage]:
    """Calls, tokens, exact cost (USD) and latency by provider, model and day, from `since` until before `until`.

    Without them the last 30 days. `next_cursor` is always null.
    """
    end = until or services.clock().date() + timedelta(days=1)
    if end <= date.min + USUAL:
        raise Invalid("until lies too long ago")
    start = since or end - USUAL
    if not start < end or end - start > LONGEST:
        raise Invalid("since must lie before until, by at most 800 days")
    async with services.reads.at(principal.tenant, Costs(), at_least) as sql:
        return Page(await usage(sql, principal.tenant, since=start, until=end, by=by), None)


ROUTER = Router("/", route_handlers=[read], tags=["providers"])
