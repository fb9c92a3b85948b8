"""What decides of a slot that somebody wants: the service, its day, and the booking, as the log has them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from application.ports import Clock, Store
from domain.base.aggregate import Aggregate
from domain.base.errors import NotFound, Refused
from domain.shop.availability import Slot, slot_at
from domain.shop.booking import Booking
from domain.shop.service import Service
from domain.shop.service_day import ServiceDay, service_day_of

A = TypeVar("A", bound=Aggregate[Any])


class WantedSlot(msgspec.Struct):
    """The service as it is, the slot and its day, where there is one, and the booking, where it was made before."""

    service: Service
    slot: Slot | None
    day: ServiceDay | None
    booking: Booking | None


def offered_in(wanted: WantedSlot) -> tuple[Slot, ServiceDay]:
    """Raises NotFound, Refused."""
    wanted.service.offered()
    if wanted.slot is None or wanted.day is None:
        raise Refused(
            "no slot that can be booked begins then; GET /v1/catalog/services/{id}/slots shows those that are open"
        )
    return wanted.slot, wanted.day


def take_places(booking: Booking, slot: Slot, day: ServiceDay, service: Service, at: datetime) -> None:
    """Raises Refused."""
    day.take(
        booking.id,
        slot,
        booking.state.places,
        capacity=service.offered().capacity,
        service_version=service.version,
        at=at,
    )


async def wanted_slot(
    id: UUID, start: datetime, booking: Booking | None, tenant: UUID, store: Store, clock: Clock
) -> WantedSlot:
    service = await store.load(Service, id, tenant=tenant)
    slot = _slot(service, start, clock())
    day = None if slot is None else await day_of(id, slot.day, tenant, store, clock)
    return WantedSlot(service=service, slot=slot, day=day, booking=booking)


def _slot(service: Service, start: datetime, now: datetime) -> Slot | None:
    facts = service.state.facts
    return None if facts is None or service.state.deleted else slot_at(facts.availability, start, now)


async def turns_for(id: UUID, start: datetime, tenant: UUID, store: Store, clock: Clock) -> set[UUID]:
    """Of the day that a slot is of. Only a hint of who races: by the time of the decision hours may have changed."""
    slot = _slot(await store.load(Service, id, tenant=tenant), start, clock())
    return set() if slot is None else {service_day_of(id, slot.day)}


async def day_of(service: UUID, day: date, tenant: UUID, store: Store, clock: Clock) -> ServiceDay:
    known = await found(ServiceDay, service_day_of(service, day), tenant, store)
    return known if known is not None else ServiceDay.begin(service, day, clock())


async def found(kind: type[A], id: UUID, tenant: UUID, store: Store) -> A | None:
    try:
        return await store.load(kind, id, tenant=tenant)
    except NotFound:
        return None
