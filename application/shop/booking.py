"""Bookings: made, moved, cancelled. Two who want the last place are decided one after the other: the day's stream takes one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from application.base.together import change_together
from application.ports import Clock, Store
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import NotFound, Refused
from domain.shop.availability import Slot, slot_at
from domain.shop.booking import Booking
from domain.shop.service import Service
from domain.shop.service_day import ServiceDay, service_day_of


class BookSlot(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: of the booking that comes of it; the same one again is the same booking. `conversation`: of whom it is. `start`: in UTC."""

    id: UUID
    conversation: UUID
    service: UUID
    start: datetime
    places: int = 1
    note: str | None = None


class MoveBooking(msgspec.Struct, frozen=True, kw_only=True):
    booking: UUID
    start: datetime


class _Wanted(msgspec.Struct):
    """What decides of a slot: the service as it is, the day of the slot, where there is one, and the booking, where it was made before."""

    service: Service
    slot: Slot | None
    day: ServiceDay | None
    booking: Booking | None


async def book_slot(
    command: BookSlot, context: Context, *, store: Store, clock: Clock
) -> tuple[Booking, int]:
    """And its position, 0 where it was made before. Raises Invalid, NotFound; Refused where there is no such slot, or no place in it."""

    def decide(wanted: _Wanted) -> Sequence[Aggregate[Any]]:
        if wanted.booking is not None:
            return ()
        slot, day, at = *_offered(wanted), clock()
        facts = wanted.service.existing()
        booking = wanted.booking = Booking.make(
            command.id,
            conversation=command.conversation,
            service=command.service,
            slot=slot,
            places=command.places,
            price=facts.price,
            currency=facts.currency,
            note=command.note,
            at=at,
        )
        _take(booking, slot, day, wanted.service, at)
        return day, booking

    async def load() -> _Wanted:
        booking = await _found(Booking, command.id, context.tenant, store)
        return await _wanted(command.service, command.start, booking, context.tenant, store, clock)

    turns = await _turns(command.service, command.start, context.tenant, store, clock)
    wanted, saved = await change_together(load, decide, context, store=store, turns=turns)
    assert wanted.booking is not None
    return wanted.booking, saved.position


async def move_booking(
    command: MoveBooking, context: Context, *, store: Store, clock: Clock
) -> tuple[Booking, int]:
    """To another time of the same service, for the same price; and its position, 0 where it is there. Where that can't be, it stays where it is.

    Raises NotFound, Refused.
    """

    async def load() -> tuple[_Wanted, ServiceDay]:
        booking = await store.load(Booking, command.booking, tenant=context.tenant)
        state = booking.existing()
        wanted = await _wanted(state.service, command.start, booking, context.tenant, store, clock)
        if wanted.day is not None and wanted.day.id == service_day_of(state.service, state.day):
            return wanted, wanted.day
        return wanted, await _day(state.service, state.day, context.tenant, store, clock)

    def decide(loaded: tuple[_Wanted, ServiceDay]) -> Sequence[Aggregate[Any]]:
        wanted, before = loaded
        booking, at = wanted.booking, clock()
        assert booking is not None
        if booking.state.start == command.start and booking.state.status == "booked":
            return ()
        slot, day = _offered(wanted)
        before.release(booking.id, at)
        booking.move(slot, at)
        _take(booking, slot, day, wanted.service, at)
        return (booking, day) if day is before else (booking, day, before)

    known = (await store.load(Booking, command.booking, tenant=context.tenant)).existing()
    turns = await _turns(known.service, command.start, context.tenant, store, clock)
    turns = {*turns, service_day_of(known.service, known.day)}
    (wanted, _), saved = await change_together(load, decide, context, store=store, turns=turns)
    assert wanted.booking is not None
    return wanted.booking, saved.position


async def cancel_booking(id: UUID, context: Context, *, store: Store, clock: Clock) -> tuple[Booking, int]:
    """Its places are free again; and its position, 0 where it was cancelled before. Raises NotFound."""
    return await _ended(id, lambda booking, at: booking.cancel(at), context, store, clock)


async def forget_booking(id: UUID, context: Context, *, store: Store, clock: Clock) -> None:
    """Its customer is erased; what is still to come is cancelled."""
    await _ended(id, lambda booking, at: booking.forget(at), context, store, clock)


async def _ended(
    id: UUID, end: Callable[[Booking, datetime], None], context: Context, store: Store, clock: Clock
) -> tuple[Booking, int]:
    """Where it is cancelled by `end`, its day gets its places back."""

    async def load() -> tuple[Booking, ServiceDay]:
        booking = await store.load(Booking, id, tenant=context.tenant)
        state = booking.state
        return booking, await _day(state.service, state.day, context.tenant, store, clock)

    def decide(loaded: tuple[Booking, ServiceDay]) -> Sequence[Aggregate[Any]]:
        booking, day = loaded
        end(booking, at := clock())
        if booking.state.status == "cancelled":
            day.release(id, at)
        return booking, day

    known = (await store.load(Booking, id, tenant=context.tenant)).state
    turns = (service_day_of(known.service, known.day),)
    (booking, _), saved = await change_together(load, decide, context, store=store, turns=turns)
    return booking, saved.position


def _offered(wanted: _Wanted) -> tuple[Slot, ServiceDay]:
    """Raises NotFound, Refused."""
    wanted.service.offered()
    if wanted.slot is None or wanted.day is None:
        raise Refused(
            "no slot that can be booked begins then; GET /v1/catalog/services/{id}/slots shows those that are open"
        )
    return wanted.slot, wanted.day


def _take(booking: Booking, slot: Slot, day: ServiceDay, service: Service, at: datetime) -> None:
    """Raises Refused."""
    day.take(
        booking.id,
        slot,
        booking.state.places,
        capacity=service.offered().capacity,
        service_version=service.version,
        at=at,
    )


async def _wanted(
    id: UUID, start: datetime, booking: Booking | None, tenant: UUID, store: Store, clock: Clock
) -> _Wanted:
    service = await store.load(Service, id, tenant=tenant)
    slot = _slot(service, start, clock())
    day = None if slot is None else await _day(id, slot.day, tenant, store, clock)
    return _Wanted(service=service, slot=slot, day=day, booking=booking)


def _slot(service: Service, start: datetime, now: datetime) -> Slot | None:
    facts = service.state.facts
    return None if facts is None or service.state.deleted else slot_at(facts.availability, start, now)


async def _turns(id: UUID, start: datetime, tenant: UUID, store: Store, clock: Clock) -> set[UUID]:
    """Of the day that a slot is of. Only a hint of who races: by the time of the decision hours may have changed."""
    slot = _slot(await store.load(Service, id, tenant=tenant), start, clock())
    return set() if slot is None else {service_day_of(id, slot.day)}


async def _day(service: UUID, day: date, tenant: UUID, store: Store, clock: Clock) -> ServiceDay:
    found = await _found(ServiceDay, service_day_of(service, day), tenant, store)
    return found if found is not None else ServiceDay.begin(service, day, clock())


async def _found(kind: type[Any], id: UUID, tenant: UUID, store: Store) -> Any:
    try:
        return await store.load(kind, id, tenant=tenant)
    except NotFound:
        return None
