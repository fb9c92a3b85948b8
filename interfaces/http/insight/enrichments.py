"""How looking products up on the internet goes: how often it is wanted, hit and failure rates, cost."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from projections.enrichments import EnrichmentFigures, Enrichments, enrichment_figures
from projections.period import period

Day = Annotated[date | None, QueryParameter(description="A day (UTC), as 2026-01-31.")]


@get("/v1/analytics/enrichment", scope="analytics:view")
async def read_enrichment(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    at_least: AtLeast = None,
) -> EnrichmentFigures:
    """How often products were to be looked up on the internet, what came of the searches and what they cost, from `since` until before `until`; without them the last 30 days."""
    start, end = period(since, until, services.clock().date())
    async with services.reads.at(principal.tenant, Enrichments(), at_least) as sql:
        return await enrichment_figures(sql, principal.tenant, since=start, until=end)


ROUTER = Router("/", route_handlers=[read_enrichment], tags=["analytics"])
