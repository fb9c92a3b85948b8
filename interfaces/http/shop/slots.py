"""Which slots of a service are open."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from application.shop.service import open_slots
from application.tenancy.authentication import Principal
from domain.shop.availability import local
from interfaces.bootstrap import Services


class SlotOut(msgspec.Struct, frozen=True, kw_only=True):
    """`local_start`: as the clock there says it. `free`: places."""

    start: datetime
    end: datetime
    local_start: str
    free: int


class SlotsOut(msgspec.Struct, frozen=True, kw_only=True):
    service: UUID
    time_zone: str
    items: list[SlotOut]


First = Annotated[
    date | None,
    QueryParameter(name="from", description="The first day there, as 2026-12-01; today unless told."),
]
Last = Annotated[
    date | None,
    QueryParameter(
        name="to", description="The last day there, included; six days after the first unless told."
    ),
]
Places = Annotated[int, QueryParameter(ge=1, le=10_000, description="Free places that a slot must have.")]


@get("/v1/catalog/services/{service:uuid}/slots", scope="conversations:read")
async def slots(
    service: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    first: First = None,
    last: Last = None,
    places: Places = 1,
) -> SlotsOut:
    """Slots that can be booked now, of at most 31 days there, as the log itself has them."""
    given, found = await open_slots(
        service, first, last, places, principal.tenant, store=services.store, clock=services.clock
    )
    items = [
        SlotOut(
            start=each.slot.start,
            end=each.slot.end,
            local_start=local(each.slot.start, given),
            free=each.free,
        )
        for each in found
    ]
    return SlotsOut(service=service, time_zone=given.time_zone, items=items)


ROUTER = Router("/", route_handlers=[slots], tags=["shop"])
