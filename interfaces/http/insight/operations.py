"""How everything runs: conversations, handovers, intents, retrieval, caches, feedback, tokens and cost."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from interfaces.http.insight.asking import Group, Since, Until, Zone, asked_of, known_to
from projections.answer_figures import AnswerFigures
from projections.contacts import Contacts
from projections.operations import OperationsReport, operations
from projections.spending import Spending

READ = (AnswerFigures(), Contacts(), Spending())


@get("/v1/analytics/operations", scope="analytics:view")
async def read_operations(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Since = None,
    until: Until = None,
    by: Group = "day",
    tz: Zone = None,
    at_least: AtLeast = None,
) -> OperationsReport:
    """Conversations and messages, handovers by reason, what customers wanted, how often knowledge was found and the cache asked, tokens, and cost by model; in
    the tenant's time zone. `next_cursor` is always null."""
    tenant = principal.tenant
    asked = await asked_of(services, tenant, since, until, by, tz)
    async with known_to(services, tenant, *READ, at_least=at_least) as sql:
        return await operations(sql, tenant, asked)


ROUTER = Router("/", route_handlers=[read_operations], tags=["analytics"])
