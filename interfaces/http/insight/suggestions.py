"""What became of what the agent suggested: shown, accepted, bought, declined."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.audit.titles import titles_of
from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from projections.period import period
from projections.suggestions import ByOffer, ByReason, Counted, Suggestions, counted

Day = Annotated[date | None, QueryParameter(description="A day (UTC), as 2026-01-31.")]


class ByOfferOut(ByOffer, frozen=True, kw_only=True):
    """`name`: null where it is in the catalogue no more."""

    name: str | None


class SuggestionFigures(Counted, frozen=True, kw_only=True):
    """`by_offer`: by what was suggested, the most shown first, 100 at most."""

    by_reason: list[ByReason]
    by_offer: list[ByOfferOut]


@get("/v1/analytics/suggestions", scope="analytics:view")
async def read_suggestions(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    since: Day = None,
    until: Day = None,
    at_least: AtLeast = None,
) -> SuggestionFigures:
    """What was suggested, and what customers made of it within three days: in all, by reason, and by product or service; of those shown from `since` until before
    `until`, without them in the last 30 days."""
    start, end = period(since, until, services.clock().date())
    async with services.reads.at(principal.tenant, Suggestions(), at_least) as sql:
        whole, reasons, offers = await counted(sql, principal.tenant, since=start, until=end)
    names = await titles_of({(each.offer, "shop") for each in offers}, principal.tenant, store=services.store)
    return SuggestionFigures(
        **msgspec.structs.asdict(whole),
        by_reason=reasons,
        by_offer=[ByOfferOut(name=names.get(each.offer), **msgspec.structs.asdict(each)) for each in offers],
    )


ROUTER = Router("/", route_handlers=[read_suggestions], tags=["analytics"])
