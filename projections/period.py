"""A period of whole days (UTC), as questions to read models name one."""

from __future__ import annotations

from datetime import date, timedelta

from domain.base.errors import Invalid

LONGEST = timedelta(days=800)
USUAL = timedelta(days=30)


def period(since: date | None, until: date | None, today: date) -> tuple[date, date]:
    """From and until before which day (UTC); without them the last 30 days, today with them. Raises Invalid."""
    end = until or today + timedelta(days=1)
    if end <= date.min + USUAL:
        raise Invalid("until lies too long ago")
    start = since or end - USUAL
    if not start < end or end - start > LONGEST:
        raise Invalid("since must lie before until, by at most 800 days")
    return start, end
