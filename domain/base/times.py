"""Times that somebody gave."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from domain.base.errors import Invalid

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)?")


def check_written(name: str, text: str) -> None:
    """Raises Invalid for what is not written as a time (RFC 3339), as 20261128 or 2026, which parsers take for seconds since 1970."""
    if not _WRITTEN.fullmatch(text):
        raise Invalid(
            f"{name}: {text[:40]!r} is no time; send one as 2026-01-31T12:00:00Z",
            errors=[{"field": name, "message": "no time as RFC 3339 writes it"}],
        )


def in_utc(name: str, time: datetime | None) -> datetime | None:
    """The same moment in UTC. Raises Invalid for one without a zone; `name` is what it was given as."""
    if time is None:
        return None
    if time.tzinfo is None:
        raise Invalid(f"{name} has no zone; end it with Z for UTC")
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise Invalid(f"{name} lies outside of the years that there are") from None
