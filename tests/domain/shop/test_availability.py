"""Slots: of any rules, in any time zone and on any day they lie within their day, do not overlap, last as long as they say, and are found again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.errors import Invalid
from domain.shop.availability import (
    WEEKDAYS,
    Availability,
    DateWindows,
    WeeklyWindow,
    Window,
    checked_availability,
    local,
    slot_at,
    slots_on,
)
from domain.shop.hours import MIDNIGHT, moment

ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]
    + [
        "America/Santiago",
        "Africa/Cairo",
        "Pacific/Apia",
        "America/St_Johns",
        "Africa/Casablanca",
        "Asia/Beirut",
    ]
)
DAYS = st.one_of(
    st.dates(date(2005, 1, 1), date(2032, 12, 31)),
    # Of changes of clocks: at night, at midnight, over midnight, a whole day that was left out.
    st.sampled_from(
        [date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 4), date(2026, 9, 6), date(2026, 4, 24)]
        + [date(2011, 12, 30), date(2010, 11, 6), date(2010, 11, 7), date(2026, 3, 8), date(2026, 11, 1)]
    ),
)


def _all_week(*windows: tuple[str, str]) -> tuple[WeeklyWindow, ...]:
    return tuple(
        WeeklyWindow(weekday=weekday, opens=opens, closes=closes)
        for weekday in WEEKDAYS
        for opens, closes in windows
    )


@st.composite
def rules(draw: st.DrawFn, **more: int) -> Availability:
    edges = sorted(draw(st.sets(st.integers(0, MIDNIGHT), min_size=2, max_size=6)))
    pairs = list(zip(edges[::2], edges[1::2], strict=False))
    windows = [(f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}") for a, b in pairs]
    lasts = draw(st.integers(5, 240))
    return Availability(time_zone=draw(ZONES), duration_minutes=lasts, weekly=_all_week(*windows), **more)


@given(rules(), DAYS)
def test_slots_follow_each_other_within_their_day(given_: Availability, day: date) -> None:
    checked_availability(given_)
    zone = ZoneInfo(given_.time_zone)
    slots = list(slots_on(given_, day))
    for slot in slots:
        assert slot.end - slot.start == timedelta(minutes=given_.duration_minutes)
        assert slot.start.utcoffset() == timedelta()
    for one, next_one in pairwise(slots):
        assert one.end <= next_one.start
    if slots:
        assert moment(day, 0, zone) <= slots[0].start
        assert slots[-1].end <= moment(day, MIDNIGHT, zone)


@given(ZONES, DAYS, st.integers(0, MIDNIGHT), st.integers(0, MIDNIGHT))
def test_what_is_later_on_the_wall_is_never_earlier(zone: str, day: date, one: int, other: int) -> None:
    there = ZoneInfo(zone)
    first, last = sorted((one, other))
    assert moment(day, first, there) <= moment(day, last, there)
    assert moment(day, MIDNIGHT, there) == moment(day + timedelta(days=1), 0, there)


@given(rules(horizon_days=3), DAYS, st.integers(0, MIDNIGHT))
def test_a_slot_is_found_by_its_start_and_nothing_else_is(
    given_: Availability, day: date, minute: int
) -> None:
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    bookable = {
        slot.start: slot
        for n in range(-2, 6)
        for slot in slots_on(given_, day + timedelta(days=n))
        if now <= slot.start <= now + timedelta(days=3)
    }
    for start, slot in bookable.items():
        assert slot_at(given_, start, now) == slot
        odd = start + timedelta(seconds=1)
        assert odd in bookable or slot_at(given_, odd, now) is None


def _starts(given_: Availability, day: date) -> list[str]:
    return [local(slot.start, given_)[11:] for slot in slots_on(given_, day)]


def test_where_clocks_are_put_forward_an_hour_is_left_out() -> None:
    night = Availability(time_zone="Europe/Berlin", duration_minutes=60, weekly=_all_week(("01:00", "04:00")))
    assert _starts(night, date(2026, 3, 28)) == ["01:00:00+01:00", "02:00:00+01:00", "03:00:00+01:00"]
    assert _starts(night, date(2026, 3, 29)) == ["01:00:00+01:00", "03:00:00+02:00"]
    skipped = Availability(
        time_zone="Europe/Berlin", duration_minutes=30, weekly=_all_week(("02:00", "03:00"))
    )
    assert _starts(skipped, date(2026, 3, 29)) == []
    into = Availability(time_zone="Europe/Berlin", duration_minutes=30, weekly=_all_week(("02:30", "04:00")))
    assert _starts(into, date(2026, 3, 29)) == ["03:00:00+02:00", "03:30:00+02:00"]
    assert _starts(night, date(2026, 3, 30)) == ["01:00:00+02:00", "02:00:00+02:00", "03:00:00+02:00"]


def test_where_clocks_are_put_back_an_hour_comes_twice() -> None:
    night = Availability(time_zone="Europe/Berlin", duration_minutes=60, weekly=_all_week(("01:00", "04:00")))
    assert _starts(night, date(2026, 10, 25)) == [
        *("01:00:00+02:00", "02:00:00+02:00", "02:00:00+01:00", "03:00:00+01:00")
    ]
    within = Availability(
        time_zone="Europe/Berlin", duration_minutes=30, weekly=_all_week(("02:00", "02:30"))
    )
    assert _starts(within, date(2026, 10, 25)) == ["02:00:00+02:00"]


def test_a_day_that_was_left_out_has_no_slots() -> None:
    all_day = Availability(
        time_zone="Pacific/Apia", duration_minutes=60, weekly=_all_week(("00:00", "24:00"))
    )
    assert [len(_starts(all_day, date(2011, 12, day))) for day in (29, 30, 31)] == [24, 0, 24]


def test_a_date_has_its_own_windows_in_the_place_of_the_weekly_ones() -> None:
    rules_ = Availability(
        time_zone="Europe/Berlin",
        duration_minutes=60,
        weekly=_all_week(("09:00", "11:00")),
        exceptions=(
            DateWindows(date=date(2026, 12, 24), windows=(Window(opens="08:00", closes="09:00"),)),
            DateWindows(date=date(2026, 12, 25)),
        ),
    )
    assert [_starts(rules_, date(2026, 12, day)) for day in (23, 24, 25)] == [
        ["09:00:00+01:00", "10:00:00+01:00"],
        ["08:00:00+01:00"],
        [],
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../UTC"},
        {"time_zone": "localtime"},
        {"duration_minutes": 0},
        {"every_minutes": 1},
        {"capacity": 0},
        {"weekly": _all_week(("10:00", "09:00"))},
        {"weekly": _all_week(("22:00", "02:00"))},
        {"weekly": _all_week(("09:00", "12:00"), ("11:00", "13:00"))},
        {"weekly": _all_week(("9:00", "12:00"))},
        {"weekly": _all_week(("09:00", "24:01"))},
        {"exceptions": (DateWindows(date=date(2026, 12, 24)), DateWindows(date=date(2026, 12, 24)))},
    ],
)
def test_rules_that_nobody_could_go_by_are_refused(wrong: dict[str, object]) -> None:
    facts = {"time_zone": "Europe/Berlin", "duration_minutes": 60, **wrong}
    with pytest.raises(Invalid):
        checked_availability(Availability(**facts))  # type: ignore[arg-type]
