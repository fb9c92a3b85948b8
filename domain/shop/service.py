"""Service: what a tenant does for customers at a time that they book, and when it can be had."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.base.errors import NotFound, Refused
from domain.shop.availability import Availability, checked_availability
from domain.shop.offer import Offer, checked


class ServiceFacts(Offer, frozen=True, kw_only=True):
    """What it is, what one place costs, and when it can be had."""

    availability: Availability


class ServiceState(msgspec.Struct):
    facts: ServiceFacts | None = None
    deleted: bool = False


class Service(Aggregate[ServiceState]):
    """What is offered is the tenant's and sealed under its key; no person is in it. Who has booked it is not here, but with its days."""

    TOPIC = "service"
    State = ServiceState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "service.created"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        facts: ServiceFacts

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version nothing was said to go with it."""

        def apply(self, aggregate: Service) -> None:
            aggregate.state.facts = self.facts

    class Changed(Event, frozen=True, kw_only=True):
        """These facts take the place of those before. What was booked stays booked."""

        TOPIC: ClassVar[str] = "service.changed"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        facts: ServiceFacts

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version nothing was said to go with it."""

        def apply(self, aggregate: Service) -> None:
            aggregate.state.facts = self.facts

    class Deleted(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "service.deleted"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Service) -> None:
            aggregate.state.deleted = True

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def add(cls, id: UUID, facts: ServiceFacts, *, at: datetime) -> Self:
        """Raises Invalid."""
        return cls.create(cls.Created, id=id, at=at, facts=_checked(facts, id))

    def change(self, facts: ServiceFacts, at: datetime) -> None:
        """Nothing where the same was said before. Raises Invalid, NotFound; Refused for another time zone: bookings are held by days of this one."""
        known = self.existing()
        if _checked(facts, self.id) == known:
            return
        if facts.availability.time_zone != (zone := known.availability.time_zone):
            raise Refused(f"the service is in {zone}, for good; add another one for another time zone")
        self.trigger(self.Changed, at=at, facts=facts)

    def remove(self, at: datetime) -> None:
        """Raises NotFound."""
        self.existing()
        self.trigger(self.Deleted, at=at)

    def existing(self) -> ServiceFacts:
        """Raises NotFound once it was deleted."""
        if self.state.deleted:
            raise NotFound(f"the service {self.id} was deleted")
        assert self.state.facts is not None
        return self.state.facts

    def offered(self) -> Availability:
        """Raises NotFound; Refused while it is not active."""
        facts = self.existing()
        if not facts.active:
            raise Refused("this service is not offered at the moment; ask for another one")
        return facts.availability


def _checked(facts: ServiceFacts, id: UUID) -> ServiceFacts:
    checked_availability(facts.availability)
    return checked(facts, id)
