"""Bookings, as they come and as they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.base.aggregate import Event
from domain.shop.booking import MOST_PLACES, Booking, BookingStatus
from interfaces.http.conversations.message import Customer
from interfaces.http.conversations.purchases import Note
from projections.bookings import BookingRow


class BookingIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`start`: of a slot, with its zone. `note`: what the customer says to it."""

    customer: Customer
    service: UUID
    start: datetime
    places: Annotated[int, Meta(ge=1, le=MOST_PLACES)] = 1
    note: Note | None = None


class MoveIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`start`: of another slot of the same service."""

    start: datetime


class BookingOut(msgspec.Struct, frozen=True, kw_only=True):
    """`conversation`: of the customer. `price`: of all places, as it was when they were booked. `note` is null where there is none, and in answers to changes."""

    id: UUID
    conversation: UUID
    service: UUID
    start: datetime
    end: datetime
    places: int
    price: str
    currency: str
    status: BookingStatus
    note: str | None
    booked_at: datetime


def shown(booking: Booking, note: str | None) -> BookingOut:
    state = booking.existing()
    return BookingOut(
        id=booking.id,
        conversation=state.conversation,
        service=state.service,
        start=state.start,
        end=state.end,
        places=state.places,
        price=f"{state.price:f}",
        currency=state.currency,
        status=state.status,
        note=note,
        booked_at=state.booked_at,
    )


def made_in(event: Event | None) -> Booking.Made:
    assert isinstance(event, Booking.Made)
    return event


def listed(row: BookingRow, made: Booking.Made) -> BookingOut:
    """A row of the read model, and what was booked."""
    return BookingOut(
        id=row.booking,
        conversation=row.conversation,
        service=row.service,
        start=row.start,
        end=row.end,
        places=made.places,
        price=f"{made.price:f}",
        currency=made.currency,
        status=row.status,
        note=made.note,
        booked_at=made.timestamp,
    )
