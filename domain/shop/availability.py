"""Availability: when a service can be had, by weekly rules in its own time zone and exceptions by date; the slots that follow. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal, get_args

import msgspec

from domain.base.errors import Invalid
from domain.base.zones import zone_of
from domain.shop.hours import MIDNIGHT, minutes, moment

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

DAY = timedelta(days=1)


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """From `opens` until `closes`, times on the wall there, as 09:00 and 24:00."""

    opens: str
    closes: str


class WeeklyWindow(Window, frozen=True, kw_only=True):
    weekday: Weekday


class DateWindows(msgspec.Struct, frozen=True, kw_only=True):
    """What holds on one date in the place of the weekly rules; none: closed."""

    date: date
    windows: tuple[Window, ...] = ()


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """Slots begin every `every_minutes` (None: one after the other) from a window's opening on, and end by its closing. `capacity`: places at any
    moment. One books at least `lead_minutes` and at most `horizon_days` ahead."""

    time_zone: str
    duration_minutes: int
    every_minutes: int | None = None
    capacity: int = 1
    lead_minutes: int = 0
    horizon_days: int = 365
    weekly: tuple[WeeklyWindow, ...] = ()
    exceptions: tuple[DateWindows, ...] = ()


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """From `start` until before `end`, in UTC, of the day `day` there."""

    day: date
    start: datetime
    end: datetime


def checked_availability(given: Availability) -> Availability:
    """Raises Invalid."""
    zone_of(given.time_zone)
    bounds = (
        ("duration_minutes", given.duration_minutes, 5, MIDNIGHT),
        ("every_minutes", given.every_minutes or given.duration_minutes, 5, MIDNIGHT),
        ("capacity", given.capacity, 1, 10_000),
        ("lead_minutes", given.lead_minutes, 0, 366 * MIDNIGHT),
        ("horizon_days", given.horizon_days, 1, 730),
    )
    for name, value, least, most in bounds:
        if not least <= value <= most:
            raise Invalid(f"{name} is {least} to {most}")
    for weekday in WEEKDAYS:
        _check_windows(weekday, [each for each in given.weekly if each.weekday == weekday])
    dates = [each.date for each in given.exceptions]
    if len(set(dates)) < len(dates):
        raise Invalid("exceptions: a date stands there twice; name it once, with all of its windows")
    for each in given.exceptions:
        _check_windows(each.date.isoformat(), each.windows)
    return given


def slots_on(given: Availability, day: date) -> Iterator[Slot]:
    """All slots of a day there, in order. Each lasts as long as it says: where clocks are put forward there are fewer, where they are put back more."""
    zone = zone_of(given.time_zone)
    lasts = timedelta(minutes=given.duration_minutes)
    every = timedelta(minutes=given.every_minutes or given.duration_minutes)
    for opens, closes in sorted(_minutes(window) for window in _windows(given, day)):
        start, until = moment(day, opens, zone), moment(day, closes, zone)
        while start + lasts <= until:
            yield Slot(day=day, start=start, end=start + lasts)
            start += every


def bookable(slot: Slot, given: Availability, now: datetime) -> bool:
    """Whether it is neither too late nor too early to book it."""
    lead, horizon = timedelta(minutes=given.lead_minutes), timedelta(days=given.horizon_days)
    return now + lead <= slot.start <= now + horizon


def open_days(given: Availability, now: datetime) -> tuple[date, date]:
    """The first day there of which a slot may be bookable, and the last one."""
    zone = zone_of(given.time_zone)
    last = now + timedelta(days=given.horizon_days)
    return now.astimezone(zone).date() - DAY, last.astimezone(zone).date() + DAY


def slot_at(given: Availability, start: datetime, now: datetime) -> Slot | None:
    """The bookable slot that begins at this moment."""
    first, last = open_days(given, now)
    if not now <= start <= now + timedelta(days=given.horizon_days):
        return None
    there = start.astimezone(zone_of(given.time_zone)).date()
    for day in (
        there,
        there - DAY,
        there + DAY,
    ):  # where clocks are put back over midnight, a day's slots begin in that before it
        if first <= day <= last:
            for slot in slots_on(given, day):
                if slot.start == start and bookable(slot, given, now):
                    return slot
    return None


def _windows(given: Availability, day: date) -> Iterable[Window]:
    for each in given.exceptions:
        if each.date == day:
            return each.windows
    weekday = WEEKDAYS[day.weekday()]
    return [window for window in given.weekly if window.weekday == weekday]


def _minutes(window: Window) -> tuple[int, int]:
    return minutes("opens", window.opens), minutes("closes", window.closes)


def _check_windows(where: str, windows: Sequence[Window]) -> None:
    until = 0
    for opens, closes in sorted(_minutes(window) for window in windows):
        if opens >= closes:
            raise Invalid(
                f"{where}: a window opens before it closes; one over midnight is two, until 24:00 and from 00:00 of the next day"
            )
        if opens < until:
            raise Invalid(f"{where}: two windows overlap; make one of them")
        until = closes


def local(at: datetime, given: Availability) -> str:
    """A moment as the clock there says it, with its distance from UTC."""
    return at.astimezone(UTC).astimezone(zone_of(given.time_zone)).isoformat()
