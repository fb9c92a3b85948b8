"""Bookings: made and moved. Two who want the last place are decided one after the other: the day's stream takes one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.base.together import change_together
from application.ports import Clock, Store
from application.shop.wanted_slot import (
    WantedSlot,
    day_of,
    found,
    offered_in,
    take_places,
    turns_for,
    wanted_slot,
)
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.shop.booking import Booking
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


async def book_slot(
    command: BookSlot, context: Context, *, store: Store, clock: Clock
) -> tuple[Booking, int]:
    """And its position, 0 where it was made before. Raises Invalid, NotFound; Refused where there is no such slot, or no place in it."""

    def decide(wanted: WantedSlot) -> Sequence[Aggregate[Any]]:
        if wanted.booking is not None:
            return ()
        slot, day, at = *offered_in(wanted), clock()
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
        take_places(booking, slot, day, wanted.service, at)
        return day, booking

    async def load() -> WantedSlot:
        booking = await found(Booking, command.id, context.tenant, store)
        return await wanted_slot(command.service, command.start, booking, context.tenant, store, clock)

    turns = await turns_for(command.service, command.start, context.tenant, store, clock)
    wanted, saved = await change_together(load, decide, context, store=store, turns=turns)
    assert wanted.booking is not None
    return wanted.booking, saved.position


async def check_slot(
    service: UUID, start: datetime, places: int, tenant: UUID, *, store: Store, clock: Clock
) -> None:
    """Whether it could be booked at this moment. Raises NotFound, Refused."""
    wanted = await wanted_slot(service, start, None, tenant, store, clock)
    slot, day = offered_in(wanted)
    day.check_room(slot, places, wanted.service.offered().capacity)


async def move_booking(
    command: MoveBooking, context: Context, *, store: Store, clock: Clock
) -> tuple[Booking, int]:
    """To another time of the same service, for the same price; and its position, 0 where it is there. Where that can't be, it stays where it is.

    Raises NotFound, Refused.
    """

    async def load() -> tuple[WantedSlot, ServiceDay]:
        booking = await store.load(Booking, command.booking, tenant=context.tenant)
        state = booking.existing()
        wanted = await wanted_slot(state.service, command.start, booking, context.tenant, store, clock)
        if wanted.day is not None and wanted.day.id == service_day_of(state.service, state.day):
            return wanted, wanted.day
        return wanted, await day_of(state.service, state.day, context.tenant, store, clock)

    def decide(loaded: tuple[WantedSlot, ServiceDay]) -> Sequence[Aggregate[Any]]:
        wanted, before = loaded
        booking, at = wanted.booking, clock()
        assert booking is not None
        if booking.state.start == command.start and booking.state.status == "booked":
            return ()
        slot, day = offered_in(wanted)
        before.release(booking.id, at)
        booking.move(slot, at)
        take_places(booking, slot, day, wanted.service, at)
        return (booking, day) if day is before else (booking, day, before)

    known = (await store.load(Booking, command.booking, tenant=context.tenant)).existing()
    turns = await turns_for(known.service, command.start, context.tenant, store, clock)
    turns = {*turns, service_day_of(known.service, known.day)}
    (wanted, _), saved = await change_together(load, decide, context, store=store, turns=turns)
    assert wanted.booking is not None
    return wanted.booking, saved.position
