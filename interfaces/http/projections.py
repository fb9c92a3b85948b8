"""How far the read models are."""

from __future__ import annotations

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency

from application.tenant import Principal
from interfaces.bootstrap import Services
from interfaces.http.pages import Page


class ProjectionOut(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is where it stands in the tenant's log, `behind` events and `seconds` how far from its end.

    `parked` events could not be applied; `stopped` says why it does not go on.
    """

    name: str
    version: int
    position: int
    behind: int
    seconds: float
    parked: int
    stopped: str | None


@get("/v1/projections", scope="audit:read")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Page[ProjectionOut]:
    """Each projection's position and lag for this tenant. `next_cursor` is always null."""
    items = [
        ProjectionOut(
            name=lag.projection,
            version=lag.version,
            position=lag.position,
            behind=lag.behind,
            seconds=lag.seconds,
            parked=lag.parked,
            stopped=lag.stopped,
        )
        for lag in await services.reads.lags(principal.tenant)
    ]
    return Page(items, None)


ROUTER = Router("/", route_handlers=[read], tags=["projections"])
