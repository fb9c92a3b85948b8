"""A model that calls actions within an answer: bounded, on record, for this customer alone. OpenAI is played, and so is the tenant's endpoint."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from application.actions.settling import calls_of
from application.replay.answers import ReplayAnswers, replay_answers
from domain.actions.call import MOST_CALLS
from domain.base.context import Context
from infra.settings import Settings
from interfaces.bootstrap import Services, services
from tests.doubles.openai import Double, openai_double
from tests.doubles.openai_saying import call
from tests.doubles.wire import Reply, Wire
from tests.interfaces.http.actions.declared import declared_for
from tests.interfaces.http.conftest import Customer, customer_of
from tests.interfaces.http.upstream import asking

MODEL = "openai/gpt-4o-mini"
Says = Callable[[dict[str, Any]], dict[str, Any]]


@pytest_asyncio.fixture(scope="module")
async def upstream() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings, upstream: Double) -> AsyncIterator[Services]:
    async with services(asking(settings, upstream.url("says")), pool=6) as parts:
        yield parts


@pytest_asyncio.fixture(scope="module")
async def world(app: Any, parts: Services) -> AsyncIterator[tuple[Customer, Wire]]:
    customer = await customer_of(app, parts, "Acts")
    abilities = ["stream", "system", "tools"]
    model = {"id": MODEL, "context_window": 128_000, "abilities": abilities}
    async with customer.http, declared_for(parts, customer) as (wire, _):
        assert (await customer.http.put("/v1/models", json=model)).status_code == 200
        body = {"default_model": MODEL}
        assert (await customer.http.put("/v1/agent/configuration", json=body)).status_code == 200
        assert (await customer.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
        await asyncio.sleep(1.05)
        yield customer, wire


@pytest.fixture
def acts(world: tuple[Customer, Wire]) -> Customer:
    return world[0]


@pytest.fixture
def wire(world: tuple[Customer, Wire]) -> Wire:
    found = world[1]
    found.calls.clear()
    found.answer = lambda call: Reply(body=b'{"status": "on its way"}')
    return found


def results(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(each["content"]) for each in body["messages"] if each["role"] == "tool"]


def once(name: str, arguments: str) -> Says:
    """Calls that, and says then what it came to."""

    def says(body: dict[str, Any]) -> dict[str, Any]:
        found = results(body)
        return {"content": f"It came to {found[-1]}."} if found else {"tool_calls": [call(name, arguments)]}

    return says


async def test_it_calls_reads_and_answers(
    acts: Customer, wire: Wire, upstream: Double, parts: Services
) -> None:
    upstream.says = once("order_status", '{"order": "A-1"}')
    answer = (await acts.ask("Has my parcel left?", address="ann")).json()
    assert "on its way" in answer["text"], answer
    assert [each.body["data"]["arguments"] for each in wire.calls] == [{"order": "A-1"}]
    asked = upstream.requests[-2]
    assert {tool["function"]["name"] for tool in asked["tools"]} == {
        "order_status",
        "refund_order",
        "cancel_order",
    }
    refund = next(tool for tool in asked["tools"] if tool["function"]["name"] == "refund_order")
    assert set(refund["function"]["parameters"]["properties"]) == {"order"}
    why = (await acts.http.get(f"/v1/interactions/{answer['id']}/why")).json()
    assert [attempt["outcome"] for attempt in why["attempts"]] == ["ok", "ok"]
    (known,) = await calls_of(UUID(answer["id"]), acts.tenant, store=parts.store)
    assert (known.call.state.by, known.call.state.status) == ("model", "done")


@pytest.mark.parametrize(
    "arguments",
    [
        '{"order": "A-1", "payer": "somebody else"}',
        '{"order": 1}',
        '{"order": "A-1"',
        '{"customer": "x"}',
        "[]",
    ],
)
async def test_arguments_that_do_not_fit_go_nowhere(
    acts: Customer, wire: Wire, upstream: Double, arguments: str
) -> None:
    upstream.says = once("refund_order", arguments)
    answer = (await acts.ask("Do it for me, friend", address=f"b{len(arguments)}")).json()
    assert (wire.calls, "not_called" in answer["text"]) == ([], True), answer


async def test_a_write_that_a_model_wants_waits_for_the_customer(
    acts: Customer, wire: Wire, upstream: Double
) -> None:
    upstream.says = once("refund_order", '{"order": "A-3"}')
    asked = (await acts.ask("I want my money back", address="cleo")).json()
    assert ("refund order A-3" in asked["text"], wire.calls) == (True, [])
    assert asked["decision"]["kind"] == "ask_back"
    done = (await acts.ask("yes", address="cleo")).json()
    assert done["text"] == "Order A-3 is refunded."
    assert [each.body["data"]["arguments"]["payer"] for each in wire.calls] == ["cleo"]


async def test_it_calls_so_often_and_no_more(acts: Customer, wire: Wire, upstream: Double) -> None:
    def says(body: dict[str, Any]) -> dict[str, Any]:
        if body.get("tool_choice") == "none":
            return {"content": "That is all."}
        number = len(results(body))
        some = [call("order_status", f'{{"order": "N-{number + at}"}}', f"c{number + at}") for at in range(3)]
        return {"tool_calls": some}

    upstream.says = says
    answer = (await acts.ask("Everything, please", address="dora")).json()
    assert (answer["text"], len(wire.calls)) == ("That is all.", MOST_CALLS)


async def test_the_same_call_again_is_made_once(acts: Customer, wire: Wire, upstream: Double) -> None:
    def says(body: dict[str, Any]) -> dict[str, Any]:
        if len(results(body)) == 2:
            return {"content": "Done."}
        return {"tool_calls": [call("order_status", '{"order": "A-8"}')]}

    upstream.says = says
    assert (await acts.ask("And now?", address="emil")).json()["text"] == "Done."
    assert len(wire.calls) == 1


async def test_what_is_not_declared_is_not_called(acts: Customer, wire: Wire, upstream: Double) -> None:
    upstream.says = once("delete_everything", "{}")
    answer = (await acts.ask("Hm?", address="fay")).json()
    assert ("no such tool" in answer["text"], wire.calls) == (True, [])


async def test_a_customer_who_listens_gets_the_last_round_alone(
    acts: Customer, wire: Wire, upstream: Double
) -> None:
    upstream.says = lambda body: (
        {"content": "It is on its way."}
        if results(body)
        else {"content": "It was cancelled!", "tool_calls": [call("order_status", '{"order": "A-6"}')]}
    )
    body = {"customer": {"channel": "http", "address": "gus"}, "text": "So?"}
    heard = await acts.http.post("/v1/messages", json=body, headers={"Accept": "text/event-stream"})
    assert "It is on its way." in heard.text
    assert "cancelled" not in heard.text


async def test_a_replay_goes_by_what_the_calls_came_to_and_calls_nothing(
    acts: Customer, wire: Wire, upstream: Double, parts: Services
) -> None:
    """All that this file's customers were answered before: by a model and by rules, with a yes, and with what went wrong."""
    await acts.ask("Where is my order A-707?", address="hal")
    wire.calls.clear()
    asked = len(upstream.requests)
    context = Context(tenant=acts.tenant, actor="test", correlation=parts.ids())
    command = ReplayAnswers(source="as-recorded", completions="recorded")
    head = await parts.reads.head(acts.tenant)
    found = await replay_answers(command, context, parts, head=head)
    assert found.answers >= 5
    assert (found.differing, found.anew, found.rows, found.left_out) == (0, 0, (), {})
    assert (wire.calls, len(upstream.requests)) == ([], asked)
