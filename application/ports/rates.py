"""Rates that are kept over all processes without asking for each request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Rate(NamedTuple):
    """`name` of the bucket; so many a second, of which `burst` may come at once, 1 or more."""

    name: str
    rate: float
    burst: float


class Over(NamedTuple):
    """The bucket that has least, by its place among those that were asked for, and the seconds until it has one."""

    place: int
    wait: float


class RateLimiter(Protocol):
    """Token buckets. A process counts by itself, and tells the others soon."""

    def take(self, wanted: Sequence[Rate]) -> Over | None:
        """One out of each; out of none where one of them has none."""
