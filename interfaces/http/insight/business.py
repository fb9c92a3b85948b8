"""What the agent is worth: CSAT, conversions, cost per conversation, time saved, revenue, return on investment."""

from __future__ import annotations

from litestar import Router, get
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from interfaces.http.insight.asking import Group, Since, Until, Zone, asked_of, known_to
from projections.answer_figures import AnswerFigures
from projections.business import BusinessReport, business
from projections.contacts import Contacts
from projections.sales import Sales
from projections.spending import Spending

READ = (AnswerFigures(), Contacts(), Sales(), Spending())


@get("/v1/analytics/business", scope="analytics:view")
async def read_business(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Since = None,
    until: Until = None,
    by: Group = "day",
    tz: Zone = None,
    at_least: AtLeast = None,
) -> BusinessReport:
    """CSAT, purchases and bookings, what a conversation costs, time saved, revenue and return on investment, by the tenant's definitions and inputs
    (`/v1/analytics/settings`), in its time zone. `next_cursor` is always null."""
    tenant = principal.tenant
    asked = await asked_of(services, tenant, since, until, by, tz)
    async with known_to(services, tenant, *READ, at_least=at_least) as sql:
        return await business(sql, tenant, asked)


ROUTER = Router("/", route_handlers=[read_business], tags=["analytics"])
