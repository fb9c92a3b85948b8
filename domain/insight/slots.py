"""Time slots: the pieces of time that read models keep sums of, so that the days of any time zone are put together of few rows. Pure.

Sums are kept by the quarter of an hour, by the hour, by six hours and by the day, all in UTC. Every time zone there is today differs from UTC by whole
quarters of an hour, so its midnights fall on the edge of a slot; a month is put together of some thirty day slots and a few smaller ones at its ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from domain.base.aggregate import EPOCH

GRAINS = (15, 60, 360, 1440)
"""Minutes; each is a multiple of the one before. Slots of a grain are counted from 1970-01-01 UTC."""

_SMALLEST = timedelta(minutes=GRAINS[0])
_SIZES = tuple(grain // GRAINS[0] for grain in GRAINS)
"""In slots of the smallest grain."""


class Span(NamedTuple):
    """Slots of one grain: those that begin from `start` until before `end`."""

    grain: int
    start: datetime
    end: datetime


def slots_of(at: datetime) -> tuple[tuple[int, datetime], ...]:
    """The slot of each grain, as (grain, begin), that a moment lies in."""
    number = (at - EPOCH) // _SMALLEST
    return tuple(
        (grain, EPOCH + number // size * size * _SMALLEST) for grain, size in zip(GRAINS, _SIZES, strict=True)
    )


def spans(start: datetime, end: datetime) -> list[Span]:
    """The fewest slots that make up the time from `start` until before `end`, both on the edge of a quarter of an hour, in order."""
    at, last = (start - EPOCH) // _SMALLEST, (end - EPOCH) // _SMALLEST
    found: list[Span] = []
    while at < last:
        place = max(n for n, size in enumerate(_SIZES) if at % size == 0 and at + size <= last)
        size = _SIZES[place]
        until = last - (last - at) % size
        if place + 1 < len(_SIZES) and at % _SIZES[place + 1]:  # up to where larger ones begin, or to the end
            until = min(until, at - at % -_SIZES[place + 1])
        found.append(Span(GRAINS[place], EPOCH + at * _SMALLEST, EPOCH + until * _SMALLEST))
        at = until
    return found
