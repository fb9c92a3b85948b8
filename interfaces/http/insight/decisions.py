"""What the agent decided: answers, questions back, refusals, handovers; and forgotten questions that were made good."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import AtLeast
from projections.decisions import Decided, Decisions, Recovered, decided, recovered
from projections.period import period

Day = Annotated[date | None, QueryParameter(description="A day (UTC), as 2026-01-31.")]


@get("/v1/analytics/decisions", scope="analytics:view")
async def read_decisions(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    at_least: AtLeast = None,
) -> Page[Decided]:
    """Interactions by day, by what was decided and why, and by agent, from `since` until before `until`; without them the last 30 days.
    `next_cursor` is always null."""
    start, end = period(since, until, services.clock().date())
    async with services.reads.at(principal.tenant, Decisions(), at_least) as sql:
        return Page(await decided(sql, principal.tenant, since=start, until=end), None)


@get("/v1/analytics/recoveries", scope="analytics:view")
async def read_recoveries(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    at_least: AtLeast = None,
) -> Recovered:
    """How often customers said that a question of theirs was left unanswered, and how often it was answered then; days as above."""
    start, end = period(since, until, services.clock().date())
    async with services.reads.at(principal.tenant, Decisions(), at_least) as sql:
        return await recovered(sql, principal.tenant, since=start, until=end)


ROUTER = Router("/", route_handlers=[read_decisions, read_recoveries], tags=["analytics"])
