"""Times that somebody gave."""

from __future__ import annotations

from datetime import UTC, datetime

from domain.errors import Invalid


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
