"""What the providers cost and how they did."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import msgspec
from litestar import Router, get

from application.tenant import Principal
from domain.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.reading import AtLeast, reading
from projections.costs import Costs, Usage, usage


class UsageOut(msgspec.Struct, frozen=True):
    items: list[Usage]
    next_cursor: None = None


@get("/v1/providers/usage")
async def read(
    services: Services,
    principal: Principal,
    since: date | None = None,
    until: date | None = None,
    by: Literal["day", "month", "all"] = "day",
    at_least: AtLeast = None,
) -> UsageOut:
    """Calls, tokens, exact cost (USD) and latency by provider, model and day, from `since` until before `until` (30 days)."""
    principal.require("analytics:view")
    end = until or services.clock().date() + timedelta(days=1)
    start = since or end - timedelta(days=30)
    if not start < end or end - start > timedelta(days=800):
        raise Invalid("since must lie before until, by at most 800 days")
    async with reading(services, principal.tenant, Costs(), at_least) as sql:
        return UsageOut(await usage(sql, principal.tenant, since=start, until=end, by=by))


ROUTER = Router("/", route_handlers=[read], tags=["providers"])
