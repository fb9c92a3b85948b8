"""How far the read models are."""

from __future__ import annotations

import msgspec
from litestar import Router, get

from application.tenant import Principal
from infra.projector import Lag, lags
from interfaces.bootstrap import Services
from projections import PROJECTIONS


class LagsOut(msgspec.Struct, frozen=True):
    items: list[Lag]
    next_cursor: None = None


@get("/v1/projections")
async def read(services: Services, principal: Principal) -> LagsOut:
    """Each projection's position, its lag in events and seconds, and what it has parked, for this tenant."""
    principal.require("audit:read")
    return LagsOut(await lags(services.system, PROJECTIONS, principal.tenant))


ROUTER = Router("/", route_handlers=[read], tags=["projections"])
