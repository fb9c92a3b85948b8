"""Days that somebody asks for, in their own time zone, as moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

from litestar.params import QueryParameter

from domain.base.errors import Invalid
from domain.base.zones import zone_of

USUAL, LONGEST = 30, 800

Days = Annotated[
    int | None,
    QueryParameter(
        ge=1, le=LONGEST, description=f"The last so many days, today included; {USUAL} unless told."
    ),
]
Zone = Annotated[
    str | None,
    QueryParameter(
        max_length=64,
        description="Whose days they are: a zone of the IANA database, as Europe/Berlin; the tenant's unless told.",
    ),
]
From = Annotated[date | None, QueryParameter(name="from", description="The first day, as 2026-01-31.")]
To = Annotated[date | None, QueryParameter(name="to", description="The last day, included.")]


class Period(NamedTuple):
    """From `since` until before `until`, in UTC."""

    since: datetime
    until: datetime


def period_of(now: datetime, days: int | None, zone: str, first: date | None, last: date | None) -> Period:
    """`days`, or `first` to `last`, of which one may be missing. A day begins at its midnight there, or where clocks skip that, right after it. Raises Invalid."""
    if days is not None and (first is not None or last is not None):
        raise Invalid("days counts back from today, and from and to name days; send the one or the others")
    there = zone_of(zone, "tz")
    end = last or now.astimezone(there).date()
    begin = first or _before(end, (days or USUAL) - 1)
    if begin > end or (end - begin).days >= LONGEST:
        raise Invalid(f"from must not be after to, and name at most {LONGEST} days with it")
    return Period(_midnight(begin, there), _midnight(_before(end, -1), there))


def _before(day: date, days: int) -> date:
    try:
        return day - timedelta(days=days)
    except OverflowError:
        raise Invalid("from and to lie outside of the years that there are") from None


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    try:
        return datetime.combine(day, time.min, zone).astimezone(UTC)
    except OverflowError:
        raise Invalid("from and to lie outside of the years that there are") from None
