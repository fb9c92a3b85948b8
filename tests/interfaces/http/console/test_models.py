"""Models at the console: a question is tried, keys are taken and not shown, intervals are drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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


async def test_a_model_that_is_gone_or_going_is_told_wherever_it_is_set_and_at_home(ours: Customer) -> None:
    engineer = await joined(ours, "ends@example.com", "engineer")
    await engineer.sign_in()
    before = await ours.http.get("/v1/agent/configuration")
    wanted = {"fallback_models": ["openai/gone-1", "openai/going-1"]}
    assert (await ours.http.put("/v1/agent/configuration", json=wanted)).status_code == 200
    today = datetime.now(UTC).date()
    ends = {"gone-1": today - timedelta(days=1), "going-1": today + timedelta(days=9)}
    for name, day in ends.items():
        facts = {"context_window": 9000, "retires_at": f"{day}T00:00:00Z", "successor": "openai/gpt-6-luna"}
        assert (await ours.http.put("/v1/models", json={"id": f"openai/{name}", **facts})).status_code == 200
    told = (await ours.http.get("/v1/routing/models")).json()["items"]
    assert [(each["model"], each["state"], each["named_by"]) for each in told] == [
        ("openai/gone-1", "retired", ["fallback_models"]),
        ("openai/going-1", "ends_soon", ["fallback_models"]),
        ("local/extractive", "in_use", ["default_model"]),
    ]
    for page in ("/console", "/console/agent", "/console/models", "/console/routing"):
        text = (await engineer.http.get(page)).text
        assert f"The model openai/gone-1 ended on {ends['gone-1']}" in text, page
        assert f"The model openai/going-1 ends on {ends['going-1']}" in text, page
        assert "Take openai/gpt-6-luna instead. Set as fallback models." in text, page
    assert 'href="/console/agent"' in (await engineer.http.get("/console")).text.partition("gone-1")[0][-200:]
    await ours.http.put("/v1/agent/configuration", json=before.json()["configuration"])
    assert "gone-1 ended" not in (await engineer.http.get("/console")).text


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
