"""Days that somebody names by a date, as 2026-12-24, 24.12.2026, 24.12. or 24/12/2026. Pure."""

from __future__ import annotations

import re
from datetime import date

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_WRITTEN = re.compile(r"(\d{1,2})[./-](\d{1,2})(?:[./-](\d{4}|\d{2})?)?")


def day_named(text: str, today: date) -> date | None:
    """None where it is none, or may be two: 3/4/2026 is in March for some and in April for others. Without a year the next one."""
    if iso := _ISO.fullmatch(text):
        return _day(int(iso[1]), int(iso[2]), int(iso[3]))
    if not (written := _WRITTEN.fullmatch(text)):
        return None
    first, second = int(written[1]), int(written[2])
    if "/" in text and first != second and max(first, second) <= 12:
        return None
    day, month = (second, first) if "/" in text and second > 12 else (first, second)
    if written[3]:
        return _day(int(written[3]) + (2000 if len(written[3]) == 2 else 0), month, day)
    this = _day(today.year, month, day)
    return _day(today.year + 1, month, day) if this is not None and this < today else this


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
