"""Which slots of a service are open: read at this moment, for no index can know it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from uuid import UUID

from application.ports import Clock, Store
from application.shop.service import OpenSlot, open_slots
from domain.shop.availability import WEEKDAYS, Availability, local
from domain.shop.named_days import day_named

DAYS, OF_A_DAY = 7, 12
"""Days that are looked at where none is named; slots that are told of each."""

NAMED = 3
"""Days that are named, at most: what is named beyond them is left out."""


async def slots_lines(
    service: UUID, name: str, dates: Sequence[str], tenant: UUID, *, store: Store, clock: Clock
) -> list[str]:
    """A line a day: of the days that the `dates` name, else of the next seven. Raises NotFound, Refused."""
    named = dict.fromkeys(day_named(text, clock().date()) for text in dates)
    days = tuple(day for day in named if day is not None)[:NAMED]
    lines: list[str] = []
    for first in days or (None,):
        last = first
        given, found = await open_slots(service, first, last, 1, tenant, store=store, clock=clock)
        lines += _lines(name, given, found)
        if not found and first is not None:
            lines.append(f"{name}: no open slot on {_day(first)} now.")
    if not lines:
        lines.append(f"{name}: no open slot in the next {DAYS} days now.")
    return lines


def _lines(name: str, given: Availability, found: Sequence[OpenSlot]) -> list[str]:
    lines = []
    for day, slots in groupby(found, lambda each: each.slot.day):
        times = [local(each.slot.start, given)[11:16] for each in slots]
        more = f" and {len(times) - OF_A_DAY} more" if len(times) > OF_A_DAY else ""
        lines.append(
            f"{name}, open slots on {_day(day)} now ({given.time_zone}): {', '.join(times[:OF_A_DAY])}{more}."
        )
    return lines


def _day(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()].capitalize()}, {day}"
