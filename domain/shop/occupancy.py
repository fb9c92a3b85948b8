"""Occupancy: how many places are taken at any moment, and how many are free for a whole slot. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate

import msgspec


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Places that a booking has, from `start` until before `end`."""

    start: datetime
    end: datetime
    places: int


class Occupancy:
    def __init__(self, held: Iterable[Held]) -> None:
        changes: Counter[datetime] = Counter()
        for each in held:
            changes[each.start] += each.places
            changes[each.end] -= each.places
        self._times = sorted(changes)
        self._taken = list(accumulate(changes[at] for at in self._times))

    def most(self, start: datetime, end: datetime) -> int:
        """Places taken at the fullest moment from `start` until before `end`."""
        first = max(bisect_right(self._times, start) - 1, 0)
        last = bisect_left(self._times, end)
        return max(self._taken[first:last], default=0)
