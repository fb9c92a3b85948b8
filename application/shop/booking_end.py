"""How a booking ends: cancelled, or forgotten with its customer. Its places are free again at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from application.base.together import change_together
from application.ports import Clock, Store
from application.shop.wanted_slot import day_of
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.shop.booking import Booking
from domain.shop.service_day import ServiceDay, service_day_of


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
        return booking, await day_of(state.service, state.day, context.tenant, store, clock)

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
