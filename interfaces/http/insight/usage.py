"""What the providers cost and how they did."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import AtLeast
from interfaces.http.insight.asking import known_to
from projections.comparison import Compared, compare
from projections.costs import Costs
from projections.drift import Drift, Served, list_drift
from projections.period import period
from projections.served_ratings import ServedRatings
from projections.usage import By, Per, Usage, usage

Day = Annotated[date | None, QueryParameter(description="A day (UTC), as 2026-01-31.")]


@get("/v1/providers/usage", scope="analytics:view")
async def read(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    by: FromQuery[By] = "day",
    per: FromQuery[Per] = "model",
    at_least: AtLeast = None,
) -> Page[Usage]:
    """Calls, tokens, exact cost (USD) and latency by model and day (`per` and `by` say what else), from `since` until before `until`.

    Without them the last 30 days. `next_cursor` is always null.
    """
    start, end = period(since, until, services.clock().date())
    async with known_to(services, principal.tenant, ServedRatings(), Costs(), at_least=at_least) as sql:
        return Page(await usage(sql, principal.tenant, since=start, until=end, by=by, per=per), None)


@get("/v1/providers/comparison", scope="analytics:view")
async def comparison(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    at_least: AtLeast = None,
) -> Page[Compared]:
    """The models side by side: success, latency, cost per 1,000 calls and per million tokens, share of cached calls.

    Those with the most calls first; from `since` until before `until`, without them the last 30 days. `next_cursor` is always null.
    """
    start, end = period(since, until, services.clock().date())
    async with known_to(services, principal.tenant, ServedRatings(), Costs(), at_least=at_least) as sql:
        return Page(await compare(sql, principal.tenant, since=start, until=end), None)


@get("/v1/providers/drift", scope="analytics:view")
async def drift(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> Page[Served]:
    """Where a provider served another model than was asked for: how often, when first and last. The latest first.

    `rerouted` is false where it is only a dated revision of the same. `next_cursor` is always null.
    """
    async with services.reads.at(principal.tenant, Drift(), at_least) as sql:
        return Page(await list_drift(sql, principal.tenant), None)


ROUTER = Router("/", route_handlers=[read, comparison, drift], tags=["providers"])
