"""Models at the console: a question is tried, keys are taken and not shown, intervals are drawn."""

from __future__ import annotations

import pytest

from domain.base.betting import Interval
from domain.flags.comparison import Compared
from interfaces.http.console.models.intervals import EDGE, WIDTH, drawn
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import joined


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.5, 2.0, "0.50 to 2.00 times"),
        (None, 0.9, "at most 0.90 times"),
        (1.1, None, "at least 1.10 times"),
        (None, None, "nothing is known yet"),
    ],
)
def test_an_interval_is_drawn_and_said(low: float | None, high: float | None, says: str) -> None:
    drawing = drawn({"helpful_rate": Compared(times=Interval(low=low, high=high))})
    (bar,) = drawing.bars
    assert bar.says == says
    left, right = bar.x, bar.x + bar.width
    assert left >= EDGE
    assert right <= WIDTH - EDGE
    assert (left < drawing.middle) == (low is None or low < 1)
    assert (right > drawing.middle) == (high is None or high > 1)


async def test_a_question_is_tried_and_keys_are_not_shown(ours: Customer) -> None:
    engineer = await joined(ours, "routes@example.com", "engineer")
    await engineer.sign_in()
    told = await engineer.send(
        "/console/routing/try", {"text": "Why is my bill higher than last month?", "turns": "0"}
    )
    assert told.status_code == 200, told.text
    assert "local/extractive" in told.text
    path = "/console/providers/openai"
    made = await engineer.send(f"{path}/set", {"key": "sk-nobody-may-see-this", "base_url": ""})
    assert made.status_code == 303, made.text
    for page in ("/console/providers", path):
        text = (await engineer.http.get(page)).text
        assert ("nobody-may-see" in text, "this" in text) == (False, True), page
    assert (await ours.http.get("/v1/providers/keys")).json()["items"][0]["provider"] == "openai"
    refused = await engineer.send("/console/providers/nobody/set", {"key": "x", "base_url": ""})
    assert refused.status_code in (404, 422), refused.text
    assert (await engineer.send(f"{path}/remove")).status_code == 303
    assert (await ours.http.get("/v1/providers/keys")).json()["items"] == []


async def test_a_draft_that_does_not_fit_is_told_at_its_field(ours: Customer) -> None:
    engineer = await joined(ours, "designs@example.com", "engineer")
    await engineer.sign_in()
    arms = "now, 50 %\nterse, 50 %, tone"
    wrong = await engineer.send("/console/experiments/create", {"name": "x", "arms": arms, "traffic": "1"})
    assert (wrong.status_code, "has no colon" in wrong.text, arms in wrong.text) == (400, True, True)
    arms = "now, 50 %\nterse, 50 %, tone: terse"
    made = await engineer.send("/console/experiments/create", {"name": "x", "arms": arms, "traffic": "1"})
    assert made.status_code == 303, made.text
    page = (await engineer.http.get(made.headers["Location"])).text
    assert "Start it" in page
