"""What went wrong with a tenant's read models: alerts, one for each event that was parked and each time that a projection stopped."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.one_per_tenant import OnePerTenant


class ProjectionsState(msgspec.Struct):
    """The alerts are for who reads the log; nothing is decided by them."""


class Projections(OnePerTenant[ProjectionsState]):
    """One per tenant, from its first alert on. Nothing in it is personal."""

    TOPIC = "projections"
    State = ProjectionsState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "projections.begun"
        PERSONAL: ClassVar[bool] = False

    class EventParked(Event, frozen=True, kw_only=True):
        """`projection` could not apply the event at `position`, of the topic `kind`, and went on without it. `error`: its class."""

        TOPIC: ClassVar[str] = "projections.event_parked"
        PERSONAL: ClassVar[bool] = False
        projection: str
        version: int
        position: int
        kind: str
        error: str

    class Stopped(Event, frozen=True, kw_only=True):
        """`projection` does not go on after `position`. `reason`: `gap`, or the class of the error with which the next event failed."""

        TOPIC: ClassVar[str] = "projections.stopped"
        PERSONAL: ClassVar[bool] = False
        projection: str
        version: int
        place: str
        position: int
        reason: str

    class Resumed(Event, frozen=True, kw_only=True):
        """The gap after `position` is closed, and `projection` goes on."""

        TOPIC: ClassVar[str] = "projections.resumed"
        PERSONAL: ClassVar[bool] = False
        projection: str
        version: int
        place: str
        position: int

    @property
    def subject(self) -> UUID:
        return NIL

    def park(
        self, projection: str, version: int, position: int, *, kind: str, error: str, at: datetime
    ) -> None:
        facts = {"projection": projection, "version": version, "position": position}
        self.trigger(self.EventParked, at=at, kind=kind, error=error, **facts)

    def stop(
        self, projection: str, version: int, position: int, *, place: str, reason: str, at: datetime
    ) -> None:
        facts = {"projection": projection, "version": version, "position": position}
        self.trigger(self.Stopped, at=at, place=place, reason=reason, **facts)

    def resume(self, projection: str, version: int, position: int, *, place: str, at: datetime) -> None:
        facts = {"projection": projection, "version": version, "position": position}
        self.trigger(self.Resumed, at=at, place=place, **facts)
