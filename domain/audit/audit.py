"""Who has read the log: every read of it is an event too."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID, uuid5

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent

Stage = Literal["whole", "begun", "ended"]
"""A read of one answer is recorded whole; one that goes on for long when it begins, and again when it ends."""


class AuditTrailState(msgspec.Struct):
    reads: int = 0


class AuditTrail(Aggregate[AuditTrailState]):
    """One per tenant and day. Nothing in it is personal, so it outlives every erasure."""

    TOPIC = "audit"
    State = AuditTrailState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "audit.begun"
        PERSONAL: ClassVar[bool] = False
        day: date

    class Read(Event, frozen=True, kw_only=True):
        """Somebody, the event's actor, read `events` events of the log, from position `first` to `last`."""

        TOPIC: ClassVar[str] = "audit.read"
        PERSONAL: ClassVar[bool] = False
        route: str
        filters: dict[str, str]
        stage: Stage
        events: int
        first: int | None
        last: int | None

        def apply(self, aggregate: AuditTrail) -> None:
            aggregate.state.reads += 1

    @property
    def subject(self) -> UUID:
        return NIL

    @staticmethod
    def id_of(tenant: UUID, day: date) -> UUID:
        """The trail's id follows from its tenant's and the day."""
        return uuid5(tenant, f"audit {day.isoformat()}")

    @classmethod
    def begin(cls, tenant: UUID, at: datetime) -> AuditTrail:
        return cls.create(cls.Begun, id=cls.id_of(tenant, at.date()), at=at, day=at.date())

    def read(
        self,
        *,
        route: str,
        filters: dict[str, str],
        stage: Stage,
        events: int,
        first: int | None,
        last: int | None,
        at: datetime,
    ) -> None:
        facts = {"route": route, "filters": filters, "stage": stage, "events": events}
        self.trigger(self.Read, at=at, first=first, last=last, **facts)
