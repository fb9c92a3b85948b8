"""How far the read models are."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page


class ParkedOut(msgspec.Struct, frozen=True, kw_only=True):
    """An event that could not be applied: its position and kind, and the class of the error."""

    position: int
    kind: str
    error: str
    at: datetime


class ProjectionOut(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is where it stands in the tenant's log, `behind` events and `seconds` how far from its end.

    `parked` events could not be applied, of which `parked_events` are the first hundred; `stopped` says why it does not go on.
    """

    name: str
    version: int
    position: int
    behind: int
    seconds: float
    parked: int
    parked_events: list[ParkedOut]
    stopped: str | None


@get("/v1/projections", scope="audit:read")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Page[ProjectionOut]:
    """Each projection's position and lag for this tenant, and what it could not apply. `next_cursor` is always null."""
    tenant = principal.tenant
    parked = await services.reads.parked_events(tenant)
    items = [
        ProjectionOut(
            name=lag.projection,
            version=lag.version,
            position=lag.position,
            behind=lag.behind,
            seconds=lag.seconds,
            parked=lag.parked,
            parked_events=[
                ParkedOut(position=event.position, kind=event.kind, error=event.error, at=event.at)
                for event in parked.get((lag.projection, lag.version, tenant), ())
            ],
            stopped=lag.stopped,
        )
        for lag in await services.reads.lags(tenant)
    ]
    return Page(items, None)


ROUTER = Router("/", route_handlers=[read], tags=["projections"])
