"""A tenant whose budget is used up, and whose calls are to stop then: customers are told its own text, wherever that is read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest_asyncio

from infra.settings import Settings
from interfaces.bootstrap import Services, services
from tests.doubles.openai import Double, openai_double
from tests.interfaces.http.conftest import Customer, customer_of
from tests.interfaces.http.upstream import asking

TEXT = "We are full for today; please write again tomorrow."


@pytest_asyncio.fixture(scope="module")
async def upstream() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings, upstream: Double) -> AsyncIterator[Services]:
    async with services(asking(settings, upstream.url("scripted")), pool=6) as parts:
        yield parts


@pytest_asyncio.fixture
async def stopped(app: Any, parts: Services, upstream: Double) -> AsyncIterator[Customer]:
    """Answers cost something, and there is nothing left."""
    upstream.script = lambda body: "ok"
    await parts.health.reset(await parts.health.all())
    customer = await customer_of(app, parts, "Stopped")
    async with customer.http:
        body = {
            "default_model": "openai/gpt-4o-mini",
            "fallback_models": ["openai/gpt-4o"],
            "out_of_budget": TEXT,
        }
        assert (await customer.http.put("/v1/agent/configuration", json=body)).status_code == 200
        assert (await customer.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
        await limit(customer, "0")
        yield customer


async def limit(customer: Customer, day: str) -> None:
    reply = await customer.http.put("/v1/budgets", json={"day": day, "on_hard": "stop"})
    assert reply.status_code == 200, reply.text


async def read(customer: Customer, address: str, position: str) -> Any:
    reply = await customer.http.get(address, headers={"Retrace-Position": position})
    assert reply.status_code == 200, (address, reply.text)
    return reply.json() if "json" in reply.headers["content-type"] else reply.text


async def test_the_answer_is_the_configured_text_and_reads_the_same_everywhere(
    stopped: Customer, upstream: Double
) -> None:
    before = len(upstream.calls)
    reply = await stopped.ask("When are you open?")
    assert reply.status_code == 200, reply.text
    shown, position = reply.json(), reply.headers["Retrace-Position"]
    assert len(upstream.calls) == before
    assert (shown["status"], shown["text"], shown["handoff"]) == ("answered", TEXT, "budget")
    assert shown["answer"].endswith(TEXT)
    assert (shown["provider"], shown["model"], shown["usage"], shown["cost"]) == (None, None, None, "0")

    assert await read(stopped, f"/v1/interactions/{shown['id']}", position) == shown
    conversation = await read(stopped, f"/v1/conversations/{shown['conversation']}", position)
    assert conversation["interactions"] == [shown]
    why = await read(stopped, f"/v1/interactions/{shown['id']}/why", position)
    assert (why["answer"], why["handoff"], why["attempts"]) == (TEXT, "budget", [])
    assert why["routing"]["by"] == "budget"
    events = await read(stopped, f"/v1/conversations/{shown['conversation']}/events", position)
    assert events["items"][-1]["kind"] == "conversation.answered"
    (listed,) = (await read(stopped, "/v1/conversations", position))["items"]
    assert (listed["messages"], listed["answers"]) == (1, 1)
    stream = f"conversation/{shown['conversation']}"
    state = await read(stopped, f"/v1/audit/states/{stream}", position)
    assert state["state"]["history"][-1]["text"] == TEXT


async def test_its_events_are_listed_and_exported(stopped: Customer) -> None:
    shown = (await stopped.ask("When are you open?", address="audited")).json()
    for form in ("jsonl", "cloudevents"):
        reply = await stopped.http.get("/v1/audit/export", params={"format": form})
        assert reply.status_code == 200, reply.text
        assert TEXT in [line["data"].get("text") for line in lines_of(reply.text)]
    reply = await stopped.http.post("/v1/audit/wrote", json={"text": TEXT})
    assert reply.status_code == 200, reply.text
    (written,) = [item for item in reply.json()["items"] if item["interaction"] == shown["id"]]
    assert (written["provider"], written["model"]) == (None, None)


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


async def test_a_stream_of_it_ends_with_the_text(stopped: Customer) -> None:
    body = {"customer": {"channel": "http", "address": "streamed"}, "text": "When are you open?"}
    reply = await stopped.http.post("/v1/messages", json=body, headers={"Accept": "text/event-stream"})
    assert reply.status_code == 200
    last = reply.text.strip().split("\n\n")[-1].splitlines()
    assert last[1] == "event: interaction"
    assert json.loads(last[2].removeprefix("data: "))["text"] == TEXT


async def test_it_costs_what_was_tried_before_and_names_no_model_that_did_not_answer(
    stopped: Customer, upstream: Double
) -> None:
    """The first model fails, the second one's price is no longer covered."""
    await limit(stopped, "0.005")
    upstream.script = lambda body: "400"
    reply = await stopped.ask("When are you open?", address="half way")
    assert reply.status_code == 200, reply.text
    shown = reply.json()
    assert shown["text"] == TEXT
    assert (shown["provider"], shown["model"], shown["usage"]) == (None, None, None)
    why = await read(stopped, f"/v1/interactions/{shown['id']}/why", reply.headers["Retrace-Position"])
    assert [attempt["model"] for attempt in why["attempts"]] == ["gpt-4o-mini"]


async def test_once_there_is_money_again_the_next_message_gets_an_answer(stopped: Customer) -> None:
    first = await stopped.ask("When are you open?", address="back")
    await limit(stopped, "10")
    second = await stopped.ask("When are you open?", address="back")
    assert (first.json()["text"], second.json()["text"]) == (TEXT, "Yes.")
    assert UUID(first.json()["conversation"]) == UUID(second.json()["conversation"])
    assert second.json()["provider"] == "openai"
