"""Quiet hours in the customer's time zone: when it is too early or too late there for a message that nobody has asked for. Pure.

The zone is that of the phone number where it tells one: all zones of its country, or of its area, have the same time at that moment
(libphonenumber's data, by the package `phonenumbers`). For others, as in the United States' toll-free numbers, Russia or Australia, and for
whoever hides their number, the plan's own zone holds.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from domain.base.errors import Invalid
from domain.base.patterns import CLOCK

_UNKNOWN = "Etc/Unknown"
Clock = Annotated[str, Meta(pattern=CLOCK)]


class QuietHours(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From `begin` until `end` by the customer's clock, over midnight where `begin` is later: nothing goes out."""

    begin: Clock = "20:00"
    end: Clock = "09:00"

    def check(self) -> None:
        """Raises Invalid."""
        if self.begin == self.end:
            raise Invalid("quiet_hours: begin and end are the same, so nothing would ever go out")


def over_at(hours: QuietHours, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours of that moment are over; None: it is none of them."""
    there, begin, end = now.astimezone(zone), _clock(hours.begin), _clock(hours.end)
    clock = there.time()
    quiet = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not quiet:
        return None
    day = there.date() if clock < end else there.date() + timedelta(days=1)
    return datetime.combine(day, end, zone).astimezone(UTC)


def zone_of_address(address: str, now: datetime, otherwise: ZoneInfo) -> ZoneInfo:
    """`address` as `whatsapp:+49155…`."""
    names = _zones(address.rpartition(":")[2])
    zones = [zone for name in names if (zone := _zone(name)) is not None]
    if not zones or len(zones) < len(names) or len({now.astimezone(zone).utcoffset() for zone in zones}) > 1:
        return otherwise
    return zones[0]


def _clock(text: str) -> time:
    return time.fromisoformat(text)


@lru_cache(maxsize=600)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


@lru_cache(maxsize=10_000)
def _zones(number: str) -> tuple[str, ...]:
    """Of a phone number in E.164; empty where it tells none."""
    if not number.startswith("+"):
        return ()
    import phonenumbers
    from phonenumbers.timezone import time_zones_for_number

    try:
        found = time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return ()
    return () if _UNKNOWN in found else tuple(found)
