"""Whether customers were understood who did not write a name as it is."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from projections.matches import Accuracy, AccuracyOf, Matches, accuracy
from projections.period import period

Day = Annotated[date | None, QueryParameter(description="A day (UTC), as 2026-01-31.")]


class MatchFigures(Accuracy, frozen=True, kw_only=True):
    items: list[AccuracyOf]


@get("/v1/analytics/matches", scope="analytics:view")
async def read_matches(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    at_least: AtLeast = None,
) -> MatchFigures:
    """How often customers were taken to mean a name that they did not quite write, or were asked whether they do, and how often they let it stand; from `since` until
    before `until`, without them the last 30 days."""
    start, end = period(since, until, services.clock().date())
    async with services.reads.at(principal.tenant, Matches(), at_least) as sql:
        whole, items = await accuracy(sql, principal.tenant, since=start, until=end)
    return MatchFigures(**msgspec.structs.asdict(whole), items=items)


ROUTER = Router("/", route_handlers=[read_matches], tags=["analytics"])
