"""Local time: what a clock on the wall says at a place (its IANA time zone), as moments in UTC, also where clocks are put forward or back.

One rule holds for every edge of a window: a time that comes twice is its first one; a time that clocks skip is the moment of their change.
So later times on the wall are never earlier moments: windows that do not overlap on the wall do not overlap at all, and those that touch
go on touching.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.base.errors import Invalid

MIDNIGHT = 24 * 60
"""Minutes of a day on the wall."""

_WRITTEN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_SECOND = timedelta(seconds=1)


def minutes(name: str, text: str) -> int:
    """Minutes after midnight of a time as 09:30, up to 24:00. Raises Invalid; `name` is what it was given as."""
    if not _WRITTEN.fullmatch(text):
        raise Invalid(f"{name}: {text[:20]!r} is no time of day; send one as 09:30, from 00:00 to 24:00")
    return int(text[:2]) * 60 + int(text[3:])


def moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """When the clock there comes to so many minutes (0 to MIDNIGHT) after that day's midnight."""
    wall = datetime.combine(day, time.min) + timedelta(minutes=minute)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    # Skipped: the change is somewhere between what it would be by the clock after it, and by the one before it.
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    old = _offset(before, zone)
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
