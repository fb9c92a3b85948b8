"""Calendar: the days, weeks and months that figures are asked for by, in a tenant's time zone, as moments in UTC. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from domain.base.errors import Invalid
from domain.base.zones import zone_of
from domain.shop.hours import moment

By = Literal["day", "week", "month", "all"]

LONGEST: dict[By, int] = {"day": 100, "week": 800, "month": 800, "all": 800}
"""Days that may be asked for at once."""

USUAL: dict[By, int] = {"day": 30, "week": 84, "month": 365, "all": 30}
FIRST, LAST = date(1971, 1, 1), date(9000, 1, 1)


class Period(NamedTuple):
    """Days of a time zone from `since` until before `until`, and when they begin and end (UTC)."""

    since: date
    until: date
    start: datetime
    end: datetime


def today(zone: str, now: datetime) -> date:
    """Raises Invalid."""
    return now.astimezone(zone_of(zone)).date()


def days(since: date | None, until: date | None, by: By, today: date) -> tuple[date, date]:
    """From and until before which day; without them the last ones, `today` with them: 30 days, 12 weeks or 12 months. Raises Invalid."""
    end = until or today + timedelta(days=1)
    if not FIRST < end <= LAST or (since is not None and not FIRST <= since < LAST):
        raise Invalid(f"since and until lie between {FIRST} and {LAST}")
    start = since or _begin(max(FIRST, end - timedelta(days=USUAL[by])), by)
    if not start < end:
        raise Invalid("since must lie before until, which is the day after the last one")
    if (end - start).days > LONGEST[by]:
        more = "; ask by week or by month for more" if by == "day" else ""
        raise Invalid(f"by {by} at most {LONGEST[by]} days can be asked for at once{more}")
    return start, end


def periods(since: date, until: date, by: By, zone: str) -> list[Period]:
    """The days, weeks (from Monday) or months from `since` until before `until`; the first and the last one may be cut by these. Raises Invalid."""
    there, found, at = zone_of(zone), [], since
    while at < until:
        following = min(_next(at, by, until), until)
        found.append(Period(at, following, moment(at, 0, there), moment(following, 0, there)))
        at = following
    return found


def _begin(day: date, by: By) -> date:
    if by == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by == "month" else day


def _next(day: date, by: By, until: date) -> date:
    if by == "all":
        return until
    if by == "month":
        return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 - day.weekday() if by == "week" else 1)
