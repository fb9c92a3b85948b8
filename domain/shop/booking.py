"""Booking: a customer's places at a time of a service: made, moved, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Literal, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import EPOCH, NIL, Aggregate, CreatedEvent, Quote
from domain.base.errors import Erased, Invalid, Refused
from domain.shop.availability import Slot
from domain.shop.notes import lent_note, note_in

BookingStatus = Literal["booked", "cancelled"]
MOST_PLACES = 10_000


class BookingState(msgspec.Struct):
    """`day`: there, of which its places are."""

    conversation: UUID = NIL
    service: UUID = NIL
    day: date = date.min
    start: datetime = EPOCH
    end: datetime = EPOCH
    places: int = 0
    price: Decimal = Decimal(0)
    currency: str = ""
    booked_at: datetime = EPOCH
    status: BookingStatus = "booked"
    forgotten: bool = False


class Booking(Aggregate[BookingState]):
    """That somebody comes is the tenant's to know, and holds no person; what the customer has said to it is theirs."""

    TOPIC = "booking"
    State = BookingState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Made(Event, CreatedEvent, frozen=True, kw_only=True):
        """By the customer of `conversation`. `price`: of all places. `note` is lent by the customer, and None once they were erased."""

        TOPIC: ClassVar[str] = "booking.made"
        PERSONAL: ClassVar[bool] = False
        QUOTES: ClassVar[bool] = True
        conversation: UUID
        service: UUID
        day: date
        start: datetime
        end: datetime
        places: int
        price: Decimal
        currency: str
        note: str | None = None

        def apply(self, aggregate: Booking) -> None:
            state = aggregate.state
            state.conversation, state.service, state.booked_at = (
                self.conversation,
                self.service,
                self.timestamp,
            )
            state.day, state.start, state.end = self.day, self.start, self.end
            state.places, state.price, state.currency = self.places, self.price, self.currency

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            return replace(self, note=None), lent_note(self.conversation, self.note)

        def attach(self, lent: Sequence[Quote]) -> Self:
            return replace(self, note=note_in(lent))

    class Moved(Event, frozen=True, kw_only=True):
        """It is at another time now, and costs what it did."""

        TOPIC: ClassVar[str] = "booking.moved"
        PERSONAL: ClassVar[bool] = False
        day: date
        start: datetime
        end: datetime

        def apply(self, aggregate: Booking) -> None:
            state = aggregate.state
            state.day, state.start, state.end = self.day, self.start, self.end

    class Cancelled(Event, frozen=True, kw_only=True):
        """Its places are free again."""

        TOPIC: ClassVar[str] = "booking.cancelled"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Booking) -> None:
            aggregate.state.status = "cancelled"

    class Forgotten(Event, frozen=True, kw_only=True):
        """Its customer was erased: it can be read no more."""

        TOPIC: ClassVar[str] = "booking.forgotten"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Booking) -> None:
            aggregate.state.forgotten = True

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def make(
        cls,
        id: UUID,
        *,
        conversation: UUID,
        service: UUID,
        slot: Slot,
        places: int,
        price: Decimal,
        currency: str,
        note: str | None,
        at: datetime,
    ) -> Self:
        """`price`: of one place. Raises Invalid."""
        if not 1 <= places <= MOST_PLACES:
            raise Invalid(f"places is 1 to {MOST_PLACES}")
        return cls.create(
            cls.Made,
            id=id,
            at=at,
            conversation=conversation,
            service=service,
            day=slot.day,
            start=slot.start,
            end=slot.end,
            places=places,
            price=price * places,
            currency=currency,
            note=note or None,
        )

    def move(self, slot: Slot, at: datetime) -> None:
        """Raises Erased; Refused for one that was cancelled."""
        if self.existing().status == "cancelled":
            raise Refused("this booking was cancelled; book anew")
        self.trigger(self.Moved, at=at, day=slot.day, start=slot.start, end=slot.end)

    def cancel(self, at: datetime) -> None:
        """Nothing where it was cancelled before. Raises Erased."""
        if self.existing().status == "booked":
            self.trigger(self.Cancelled, at=at)

    def forget(self, at: datetime) -> None:
        """Its customer is erased: what is still to come is cancelled first."""
        if self.state.forgotten:
            return
        if self.state.status == "booked" and at < self.state.start:
            self.trigger(self.Cancelled, at=at)
        self.trigger(self.Forgotten, at=at)

    def existing(self) -> BookingState:
        """Raises Erased."""
        if self.state.forgotten:
            raise Erased("this booking's customer was erased")
        return self.state
