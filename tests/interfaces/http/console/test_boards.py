"""Boards of business and operations say what the API says, by day, week and month, and their figures lead to the rows behind them."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from domain.insight.calendar import periods
from interfaces.http.console.insight.board import Column, Grid
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import Person, joined
from tests.interfaces.http.console.worlds.inbox import conversation

SECTION = r'<h2 id="grid-\d+">{}</h2>.*?<tbody>(.*?)</tbody>'


def test_a_figure_leads_to_the_rows_of_its_own_time() -> None:
    times = [
        (each.start, each.end)
        for each in periods(date(2026, 3, 28), date(2026, 3, 30), "day", "Europe/Vienna")
    ]
    columns = [
        Column("Day", "day"),
        Column("Answers", "number", "/console/events?kind=conversation.answered"),
    ]
    rows = [[date(2026, 3, 28), 0], [date(2026, 3, 29), 3]]
    latest, first = Grid(caption="Answers", columns=columns, rows=rows, times=times).listed
    assert latest[1].rows == (
        "/console/events?kind=conversation.answered&since=2026-03-28T23:00&until=2026-03-29T22:00"
    ), "a day of 23 hours"
    assert first[1].rows == "", "of nothing there are no rows"


async def text_of(person: Person, path: str) -> str:
    reply = await person.http.get(path)
    assert reply.status_code == 200, reply.text
    return reply.text


def rows_of(text: str, caption: str) -> list[list[str]]:
    """Without their tags."""
    found = re.search(SECTION.format(caption), text, re.DOTALL)
    assert found is not None
    rows = re.findall(r"<tr>(.*?)</tr>", found[1], re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in rows
    ]


async def test_boards_say_what_the_api_says_and_lead_to_its_rows(ours: Customer) -> None:
    await conversation(ours)
    ann = await joined(ours, "boards@example.com", "admin")
    await ann.sign_in()
    for days, by in (("7", "day"), ("12w", "week"), ("24m", "month")):
        text = await text_of(ann, f"/console/insight/operations?days={days}")
        rows = rows_of(text, "What happened in conversations")
        until = date.fromisoformat(rows[0][0]) + timedelta(days=1 if by == "day" else 40)
        query = {"by": by, "since": rows[-1][0], **({"until": until.isoformat()} if by == "day" else {})}
        told = (await ours.http.get("/v1/analytics/operations", params=query)).json()
        assert [(row[0], int(row[2])) for row in rows][::-1] == [
            (each["since"], each["messages"]) for each in told["items"]
        ]
        assert int(rows[0][2]) == 3, "messages of today"
    link = re.search(r'href="(/console/events\?kind=conversation\.answered[^"]*)"', text)
    assert link is not None
    assert "conversation.answered" in await text_of(ann, link[1].replace("&amp;", "&"))
    business = await text_of(ann, "/console/insight/business?days=12m")
    told = (await ours.http.get("/v1/analytics/business", params={"by": "month"})).json()["totals"]
    assert f"ratings: {told['csat_rated']}" in business
    assert (
        sum(int(row[1]) for row in rows_of(business, "Conversations and conversions"))
        == told["conversations"]
    )
    quality = await text_of(ann, "/console/insight/quality?per=channel")
    assert rows_of(quality, "By channel")[0][0] == "http"
    eve = await joined(ours, "eve@example.com", "analyst")
    await eve.sign_in()
    assert "/console/events?kind" not in await text_of(eve, "/console/insight/quality"), (
        "it is not open to her"
    )


@pytest.mark.parametrize(
    "query", ["quality?days=5", "quality?per=nothing", "business?days=%00", "operations?days=1w"]
)
async def test_a_board_that_there_is_not_is_told(query: str, ours: Customer) -> None:
    eve = await joined(ours, f"board-{abs(hash(query))}@example.com", "analyst")
    await eve.sign_in()
    reply = await eve.http.get(f"/console/insight/{query}")
    assert (reply.status_code, "<h1>" in reply.text) == (400, True)
