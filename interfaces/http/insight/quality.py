"""Quality of the agent's answers, by day, week or month, and by what gave them."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from interfaces.http.insight.asking import Group, Since, Until, Whose, Zone, asked_of
from projections.answer_figures import AnswerFigures
from projections.quality import QualityReport, quality


@get("/v1/analytics/quality", scope="analytics:view")
async def read_quality(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Since = None,
    until: Until = None,
    by: Group = "day",
    per: Whose = "tenant",
    tz: Zone = None,
    at_least: AtLeast = None,
) -> QualityReport:
    """How good answers were by their ratings, how many were complete or handed over, how long they took; in the tenant's time zone. `next_cursor` is
    always null."""
    tenant = principal.tenant
    asked = await asked_of(services, tenant, since, until, by, tz)
    async with services.reads.at(tenant, AnswerFigures(), at_least) as sql:
        return await quality(sql, tenant, asked, per)


ROUTER = Router("/", route_handlers=[read_quality], tags=["analytics"])
