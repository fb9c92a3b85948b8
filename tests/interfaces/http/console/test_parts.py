"""What pages are made of: figures as they are written, errors beside their fields, messages after a form, series of a chart."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.base.errors import Invalid, Refused
from interfaces.http.console.formats import duration, money, number, percent, when, words
from interfaces.http.console.forms import FORM, errors_of
from interfaces.http.console.insight.board import MOST, OTHERS, by_day
from interfaces.http.console.navigation import NAVIGATION, entry_at, known_path, sections_for
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import joined


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (money(Decimal("1234.5")), "$1,234.50"),
        (money(Decimal("0.000012345")), "$0.00001234"),
        (money(Decimal("0.5")), "$0.50"),
        (money(Decimal("-0.25")), "-$0.25"),
        (money(0), "$0.00"),
        (money(None), "–"),
        (percent(0.1234), "12.3 %"),
        (percent(None), "–"),
        (number(1234567), "1,234,567"),
        (duration(999), "999 ms"),
        (duration(1000), "1.0 s"),
        (duration(150_000), "2 min"),
        (duration(7_200_000), "2.0 h"),
        (duration(None), "–"),
        (words("wrong_information"), "Wrong information"),
    ],
)
def test_figures_are_written_alike_on_all_pages(written: str, text: str) -> None:
    assert written == text


def test_a_time_is_in_utc_whatever_its_zone() -> None:
    east = datetime(2026, 1, 31, 23, 30, tzinfo=UTC).astimezone()
    assert str(when(east)) == '<time datetime="2026-01-31T23:30:00+00:00">2026-01-31 23:30 UTC</time>'


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Invalid("no", errors=[{"field": "$.day", "message": "too much"}]), {"day": "Too much."}),
        (Invalid("no", errors=[{"field": "limits.a[0]", "message": "odd"}]), {"limit": "Odd."}),
        (Invalid("no", errors=[{"field": "$", "message": "odd"}]), {FORM: "Odd."}),
        (Invalid("day has to be more than 0"), {"day": "Day has to be more than 0."}),
        (Refused("the rule says no"), {FORM: "The rule says no."}),
    ],
)
def test_what_is_wrong_stands_beside_its_field(error: Any, told: dict[str, str]) -> None:
    assert errors_of(error, "day", limit="limits") == told


def test_a_chart_has_its_largest_series_and_the_rest_together_and_loses_nothing() -> None:
    first = date(2026, 1, 1)
    found = [(first + timedelta(days=n % 3), f"model-{n}", n + 1) for n in range(10)]
    grid = by_day("Calls", found, first, first + timedelta(days=3), "number")
    assert [column.title for column in grid.columns] == [
        "Day",
        *(f"model-{n}" for n in range(9, 9 - MOST, -1)),
        OTHERS,
    ]
    assert sum(sum(row[1:]) for row in grid.rows) == sum(range(1, 11))
    assert [row[0].value for row in grid.listed] == [first + timedelta(days=n) for n in (2, 1, 0)]


def test_the_menu_has_what_the_scopes_open_and_says_where_one_is() -> None:
    paths = [entry.path for section in sections_for(("feedback:review",)) for entry in section.entries]
    assert "/console/inbox" not in paths
    assert "/console/account" in paths
    assert entry_at("/console/inbox/1/why/2") == "/console/inbox"
    assert entry_at("/console/insight/quality") == "/console/insight/quality"
    assert entry_at("/console") == "/console"
    assert (known_path("/console/inbox"), known_path("/console/nowhere")) == ("/console/inbox", "")
    every = [entry.title for section in NAVIGATION for entry in section.entries]
    assert len(every) == len(set(every)), "two entries of one title"


async def test_a_message_after_a_form_is_said_once_and_only_in_its_session(ours: Customer) -> None:
    ann = await joined(ours, "flash@example.com", "agent")
    eve = await joined(ours, "flash-eve@example.com", "agent")
    await ann.sign_in()
    await eve.sign_in()
    path = f"/console/inbox/{(await ours.ask('Hello', address='flash')).json()['conversation']}"
    assert (await ann.send(f"{path}/claim")).status_code == 303
    told = ann.http.cookies["retrace-told"]
    for http, cookie, seen in (
        (eve.http, told, False),
        (ann.http, told[:-2] + "AA", False),
        (ann.http, "not base 64!", False),
        (ann.http, told, True),
        (ann.http, None, False),
    ):
        http.cookies.delete("retrace-told") if "retrace-told" in http.cookies else None
        if cookie is not None:
            http.cookies.set("retrace-told", cookie)
        assert ("You have this conversation now" in (await http.get(path)).text) is seen
