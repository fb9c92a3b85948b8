"""A tenant's time zone: whose clock holds wherever a setting or a request names no other one. One per tenant."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.one_per_tenant import OnePerTenant
from domain.base.zones import UTC_ZONE, zone_of


class TimeZoneState(msgspec.Struct):
    zone: str = UTC_ZONE


class TimeZone(OnePerTenant[TimeZoneState]):
    """Nothing in it is personal."""

    TOPIC = "time_zone"
    State = TimeZoneState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "time_zone.created"
        PERSONAL: ClassVar[bool] = False

    class Set(Event, frozen=True, kw_only=True):
        """From now on it holds wherever no other one is named."""

        TOPIC: ClassVar[str] = "time_zone.set"
        PERSONAL: ClassVar[bool] = False
        zone: str

        def apply(self, aggregate: TimeZone) -> None:
            aggregate.state.zone = self.zone

    @property
    def subject(self) -> UUID:
        return NIL

    def set(self, zone: str, at: datetime) -> None:
        """`zone`: an IANA name. Raises Invalid."""
        zone_of(zone)
        if zone != self.state.zone:
            self.trigger(self.Set, at=at, zone=zone)
