"""Days, weeks and months of time zones, put together of slots in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.base.errors import Invalid
from domain.insight.calendar import By, days, periods
from domain.insight.slots import GRAINS, slots_of, spans

ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
DAYS = st.dates(date(2024, 1, 1), date(2032, 1, 1))
QUARTER = timedelta(minutes=15)


@given(DAYS, st.integers(1, 100), st.sampled_from(["day", "week", "month", "all"]), ZONES)
def test_periods_follow_one_another_and_slots_cover_each_exactly(
    since: date, length: int, by: By, zone: str
) -> None:
    until = since + timedelta(days=length)
    found = periods(since, until, by, zone)
    assert (found[0].since, found[-1].until) == (since, until)
    for one, next in pairwise(found):
        assert (one.until, one.end) == (next.since, next.start)
    for one in found:
        assert one.start.astimezone(ZoneInfo(zone)).date() == one.since
        assert (one.start - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() < one.since
        at = one.start
        for grain, start, end in spans(one.start, one.end):
            assert start == at < end
            assert [edge.timestamp() % (60 * grain) for edge in (start, end)] == [0, 0]
            at = end
        assert at == one.end, "nothing is left out, nothing stands twice"


@given(st.integers(0, 8 * 365 * 86_400_000), st.data())
def test_a_moment_lies_in_one_slot_of_each_grain_and_so_once_in_any_span(
    milliseconds: int, data: st.DataObject
) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    mine = dict(slots_of(moment))
    assert list(mine) == list(GRAINS)
    for grain, start in mine.items():
        assert start <= moment < start + timedelta(minutes=grain)
    first = slots_of(moment)[0][1] - data.draw(st.integers(0, 5000)) * QUARTER
    last = slots_of(moment)[0][1] + data.draw(st.integers(1, 5000)) * QUARTER
    assert sum(start <= mine[grain] < end for grain, start, end in spans(first, last)) == 1


def test_a_month_of_a_zone_with_an_odd_offset_is_put_together_of_few_slots() -> None:
    (month,) = periods(date(2026, 3, 1), date(2026, 4, 1), "month", "Asia/Kathmandu")
    slots = sum(
        (end - start) // timedelta(minutes=grain) for grain, start, end in spans(month.start, month.end)
    )
    assert slots < 50


def test_summer_time_makes_days_of_23_and_25_hours() -> None:
    lengths = [
        (period.end - period.start) // timedelta(hours=1)
        for day in (date(2026, 3, 29), date(2026, 10, 25))
        for period in periods(day, day + timedelta(days=1), "day", "Europe/Berlin")
    ]
    assert lengths == [23, 25]


def test_weeks_begin_on_monday_and_months_on_the_first_where_nobody_says_otherwise() -> None:
    wednesday = date(2026, 11, 25)
    assert days(None, None, "week", wednesday)[0].weekday() == 0
    assert days(None, None, "month", wednesday)[0].day == 1
    assert days(None, None, "day", wednesday) == (date(2026, 10, 27), date(2026, 11, 26))


@pytest.mark.parametrize(
    ("since", "until", "by", "said"),
    [
        (date(2026, 2, 1), date(2026, 2, 1), "day", "before until"),
        (date(2026, 1, 1), date(2026, 12, 1), "day", "ask by week or by month"),
        (date(2020, 1, 1), date(2026, 12, 1), "month", "800 days"),
        (date(1, 1, 1), date(1, 1, 2), "day", "lie between"),
        (None, date.max, "day", "lie between"),
    ],
)
def test_what_can_not_be_asked_for_is_refused(since: date | None, until: date, by: By, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        days(since, until, by, date(2026, 11, 25))
