"""Service day: which places of a service are taken on one day there. At no moment are there more than the service has.

The consistency boundary of bookings: those of different days, and of different services, never wait for each other. A slot lies within one
day, so no two days hold places of the same moment.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID, uuid5

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.base.errors import Refused
from domain.shop.availability import Slot
from domain.shop.occupancy import Held, Occupancy


class ServiceDayState(msgspec.Struct):
    """`held` by the ids of bookings."""

    held: dict[UUID, Held] = msgspec.field(default_factory=dict)


class ServiceDay(Aggregate[ServiceDayState]):
    TOPIC = "service_day"
    State = ServiceDayState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "service_day.begun"
        PERSONAL: ClassVar[bool] = False
        service: UUID
        day: date

    class Taken(Event, frozen=True, kw_only=True):
        """A booking has `places` from `start` until before `end`; decided by the `capacity` that the service had at `service_version`."""

        TOPIC: ClassVar[str] = "service_day.taken"
        PERSONAL: ClassVar[bool] = False
        booking: UUID
        start: datetime
        end: datetime
        places: int
        capacity: int
        service_version: int

        def apply(self, aggregate: ServiceDay) -> None:
            held = Held(start=self.start, end=self.end, places=self.places)
            aggregate.state.held[self.booking] = held

    class Released(Event, frozen=True, kw_only=True):
        """The booking has its places no more."""

        TOPIC: ClassVar[str] = "service_day.released"
        PERSONAL: ClassVar[bool] = False
        booking: UUID

        def apply(self, aggregate: ServiceDay) -> None:
            aggregate.state.held.pop(self.booking, None)

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def begin(cls, service: UUID, day: date, at: datetime) -> ServiceDay:
        return cls.create(cls.Begun, id=service_day_of(service, day), at=at, service=service, day=day)

    def take(
        self, booking: UUID, slot: Slot, places: int, *, capacity: int, service_version: int, at: datetime
    ) -> None:
        """Raises Refused, as `check_room`."""
        self.check_room(slot, places, capacity)
        self.trigger(
            self.Taken,
            at=at,
            booking=booking,
            start=slot.start,
            end=slot.end,
            places=places,
            capacity=capacity,
            service_version=service_version,
        )

    def check_room(self, slot: Slot, places: int, capacity: int) -> None:
        """Raises Refused, with how many are `free`, where there are fewer than that for the whole slot."""
        free = capacity - self.occupancy.most(slot.start, slot.end)
        if places > free:
            taken = "it is taken" if free <= 0 else f"only {free} of its places are free"
            raise Refused(
                f"{taken}; GET /v1/catalog/services/{{id}}/slots shows what is open", free=max(free, 0)
            )

    def release(self, booking: UUID, at: datetime) -> None:
        """Nothing where it has none."""
        if booking in self.state.held:
            self.trigger(self.Released, at=at, booking=booking)

    @property
    def occupancy(self) -> Occupancy:
        return Occupancy(self.state.held.values())


def service_day_of(service: UUID, day: date) -> UUID:
    """The id follows from the service's and the date, for ever."""
    return uuid5(service, day.isoformat())
