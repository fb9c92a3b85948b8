"""A tenant's time zone: set, and asked for by whoever names none."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.setting import change_setting, latest_setting, load_setting
from application.ports import Clock, Store
from domain.base.context import Context
from domain.base.zones import UTC_ZONE
from domain.tenancy.time_zone import TimeZone


class SetTimeZone(msgspec.Struct, frozen=True, kw_only=True):
    zone: str


class TimeZoneSet(msgspec.Struct, frozen=True, kw_only=True):
    """`version` 0: nothing was ever set. `position` 0: it was so already."""

    zone: str
    version: int
    position: int = 0


async def set_time_zone(command: SetTimeZone, context: Context, *, store: Store, clock: Clock) -> TimeZoneSet:
    """It holds within a second, wherever no other one is named. Raises Invalid."""
    changed = await change_setting(
        TimeZone, lambda known: known.set(command.zone, clock()), context, store=store, clock=clock
    )
    return TimeZoneSet(zone=changed.setting.state.zone, version=changed.version, position=changed.position)


async def read_time_zone(tenant: UUID, *, store: Store) -> TimeZoneSet:
    """As of now."""
    found = await load_setting(TimeZone, tenant, store=store)
    if found is None:
        return TimeZoneSet(zone=UTC_ZONE, version=0)
    return TimeZoneSet(zone=found.state.zone, version=found.version)


async def time_zone_of(tenant: UUID, named: str | None = None, *, store: Store) -> str:
    """The one that is `named`, else the tenant's, at most a second old; UTC where none was ever set."""
    if named is not None:
        return named
    found = await latest_setting(TimeZone, tenant, store=store)
    return UTC_ZONE if found is None else found.state.zone
