"""Time zones by their names in the IANA database. Pure."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from domain.base.errors import Invalid

UTC_ZONE = "UTC"
"""Holds where a tenant has set none."""


@cache
def _names() -> frozenset[str]:
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


def zone_of(name: str, field: str = "time_zone") -> ZoneInfo:
    """Raises Invalid; `field`: what it was given as."""
    if name not in _names():
        raise Invalid(
            f"{field}: there is no time zone {name[:60]!r}; send one as Europe/Berlin, or UTC", field=field
        )
    return ZoneInfo(name)
