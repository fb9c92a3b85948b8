"""Tools through the completions API: called whole and in pieces, answered, refused where no model can, on record, replayed."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest

from application.replay.answers import ReplayAnswers, replay_answers
from domain.base.context import Context
from domain.models.tools import ToolCall
from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.doubles.openai_saying import call
from tests.interfaces.http.chat.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE

MODEL = "openai/gpt-4o-mini"
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather of a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
CALLED = ToolCall(id="call_1", name="weather", arguments='{"city": "Oslo"}')


def weather(body: dict[str, Any]) -> dict[str, Any]:
    """Calls the tool, and tells what it has come to."""
    last = body["messages"][-1]
    if last["role"] == "tool":
        return {"content": f"It is {last['content']}."}
    return {"content": "Let me look.", "tool_calls": [call("weather", CALLED.arguments)]}


@pytest.fixture(autouse=True)
def _says(upstream: Double, shop: Customer) -> None:
    upstream.script, upstream.says = (lambda body: "says"), weather


async def test_a_tool_is_called_and_its_result_answered(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    first = await client.chat.completions.create(model=MODEL, messages=ASK, tools=TOOLS, tool_choice="auto")
    (choice,) = first.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    (asked,) = choice.message.tool_calls
    assert asked.type == "function"
    assert (asked.id, asked.function.arguments) == (CALLED.id, CALLED.arguments)
    messages = [*ASK, choice.message, {"role": "tool", "tool_call_id": asked.id, "content": "sunny"}]
    second = await client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS)
    assert second.choices[0].message.content == "It is sunny."
    assert second.choices[0].message.tool_calls is None
    assert upstream.requests[-1]["messages"][1]["tool_calls"] == [call("weather", CALLED.arguments)]

    one, two = await calls(parts, shop)
    assert (one[0].tools[0].name, one[0].tool_choice.mode) == ("weather", "auto")
    assert (one[-1].finish, one[-1].calls, one[-1].text) == ("tool_calls", (CALLED,), "Let me look.")
    assert [turn.role for turn in two[0].messages] == ["user", "assistant", "tool"]
    why = (await shop.http.get(f"/v1/interactions/{first.model_extra['retrace']['call']}/why")).json()
    assert why["answer"] == f"Let me look.\nweather({CALLED.arguments})"

    head = await parts.reads.head(shop.tenant)
    replayed = await replay_answers(
        ReplayAnswers(source="as-recorded", completions="recorded"),
        Context(tenant=shop.tenant, actor="test", correlation=shop.tenant),
        parts,
        head=head,
    )
    assert (replayed.answers, replayed.differing, replayed.left_out) == (2, 0, {})


async def test_a_call_comes_in_pieces_as_at_openai(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    deltas, finishes = [], []
    async for chunk in await client.chat.completions.create(
        model=MODEL, messages=ASK, tools=TOOLS, stream=True
    ):
        for choice in chunk.choices:
            finishes.append(choice.finish_reason)
            deltas += choice.delta.tool_calls or []
    assert finishes[-1] == "tool_calls"
    assert (deltas[0].index, deltas[0].id, deltas[0].type) == (0, CALLED.id, "function")
    assert deltas[0].function is not None
    assert (deltas[0].function.name, deltas[0].function.arguments) == ("weather", "")
    assert {each.id for each in deltas[1:]} == {None}
    assert "".join(each.function.arguments or "" for each in deltas if each.function) == CALLED.arguments
    ((*_, answered),) = await calls(parts, shop)
    assert answered.calls == (CALLED,)


async def test_the_same_question_with_the_same_tools_is_answered_from_the_cache(
    client: openai.AsyncOpenAI, upstream: Double
) -> None:
    before = len(upstream.calls)
    asked: dict[str, Any] = {"model": MODEL, "messages": ASK}
    first = await client.chat.completions.create(**asked, tools=TOOLS)
    async with client.chat.completions.stream(**asked, tools=TOOLS) as stream:
        again = await stream.get_final_completion()
    assert len(upstream.calls) == before + 1
    assert first.choices[0].message.tool_calls is not None
    assert again.choices[0].message.tool_calls is not None
    assert again.choices[0].message.tool_calls[0].function.arguments == CALLED.arguments
    other = [{**TOOLS[0], "function": {**TOOLS[0]["function"], "description": "Of a place."}}]
    await client.chat.completions.create(**asked, tools=other)
    assert len(upstream.calls) == before + 2


async def test_a_vendors_signature_comes_back_through_clients_that_know_nothing_of_it(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    signed = {**call("weather", "{}"), "extra_content": {"google": {"thought_signature": "c2ln"}}}
    upstream.says = lambda body: weather(body) if len(body["messages"]) > 1 else {"tool_calls": [signed]}
    first = await client.chat.completions.create(model=MODEL, messages=ASK, tools=TOOLS)
    assert first.choices[0].message.tool_calls is not None
    (asked,) = first.choices[0].message.tool_calls
    assert asked.id == f"call_{first.id.removeprefix('chatcmpl-')}_0"
    assert len(asked.id) <= 40
    plain = {"id": asked.id, "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    turn: Any = {"role": "assistant", "content": None, "tool_calls": [plain]}
    result: Any = {"role": "tool", "tool_call_id": asked.id, "content": "sunny"}
    await client.chat.completions.create(model=MODEL, messages=[*ASK, turn, result], tools=TOOLS)
    _, (requested, *_) = await calls(parts, shop)
    assert requested.messages[1].calls[0].signature == "c2ln"
    assert "extra_content" not in upstream.requests[-1]["messages"][1]["tool_calls"][0], (
        "it is Google's alone"
    )


async def test_a_client_that_leaves_in_a_call_pays_for_what_came(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    piece = {"tool_calls": [{"index": 0, "function": {"arguments": "1234567890"}}]}
    upstream.says = lambda body: {
        "chunks": [{"tool_calls": [{**call("weather", '{"city": "'), "index": 0}]}, *[piece, 0.005] * 2_000]
    }
    stream = await client.chat.completions.create(model=MODEL, messages=ASK, tools=TOOLS, stream=True)
    seen = 0
    async for chunk in stream:
        seen += bool(chunk.choices and chunk.choices[0].delta.tool_calls)
        if seen == 5:
            break
    await stream.close()
    async with asyncio.timeout(PATIENCE):
        while not (made := await calls(parts, shop)):
            await asyncio.sleep(0.02)
    ((_, metered, ended),) = made
    assert ended.reason == "the caller went away"
    assert ended.calls[0].arguments.startswith('{"city": "1234567890')
    assert metered.cost > 0


async def test_a_model_that_can_not_is_not_asked_and_one_that_can_is(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    plain = {"id": "openai/plain", "context_window": 8000, "abilities": ["stream", "system"]}
    assert (await shop.http.put("/v1/models", json=plain)).status_code == 200
    with pytest.raises(openai.BadRequestError, match="openai/plain can't use tools; ask one whose"):
        await client.chat.completions.create(model="openai/plain", messages=ASK, tools=TOOLS)
    with pytest.raises(openai.BadRequestError, match="can't use tools"):
        await client.chat.completions.create(model="local/extractive", messages=ASK, tools=TOOLS)
    agent = {"default_model": "openai/plain", "fallback_models": [MODEL]}
    assert (await shop.http.put("/v1/agent/configuration", json=agent)).status_code == 200
    assert (await shop.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
    given = await client.chat.completions.create(model="auto", messages=ASK, tools=TOOLS)
    assert given.choices[0].finish_reason == "tool_calls"
    ((_, metered, _),) = await calls(parts, shop)
    assert [(each.model, each.cause) for each in metered.routing.passed_over] == [("openai/plain", "unable")]
    alone = {"default_model": "openai/plain", "fallback_models": []}
    assert (await shop.http.put("/v1/agent/configuration", json=alone)).status_code == 200
    with pytest.raises(
        openai.BadRequestError, match="openai/plain: it can't use tools; ask for a model that can"
    ):
        await client.chat.completions.create(model="auto", messages=ASK, tools=TOOLS)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"tools": TOOLS}, "the agent calls no tools of the app's"),
        ({"response_format": {"type": "json_object"}}, "the agent answers in text"),
    ],
)
async def test_the_agent_says_who_takes_them(client: openai.AsyncOpenAI, more: Any, told: str) -> None:
    with pytest.raises(openai.BadRequestError, match=told) as refused:
        await client.chat.completions.create(model="agent", messages=ASK, **more)
    assert refused.value.param == next(iter(more))


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [*TOOLS, *TOOLS]}, "tools[1].function.name"),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "other"}}}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools[0].function.name"),
    ],
)
async def test_tools_that_can_not_be_are_refused_by_their_place(
    client: openai.AsyncOpenAI, more: Any, param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await client.chat.completions.create(model=MODEL, messages=ASK, **more)
    assert refused.value.param == param


async def test_options_go_to_a_model_that_takes_them_and_are_refused_by_name_else(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double
) -> None:
    options: dict[str, Any] = {
        "logit_bias": {"50256": -100},
        "verbosity": "low",
        "store": True,
        "metadata": {"a": "b"},
        "service_tier": "flex",
        "prompt_cache_key": "k",
        "safety_identifier": "s",
    }
    await client.chat.completions.create(model=MODEL, messages=ASK, extra_body=options)
    assert {name: upstream.requests[-1][name] for name in options} == options
    with pytest.raises(openai.BadRequestError, match="it takes no verbosity"):
        await client.chat.completions.create(model="local/extractive", messages=ASK, verbosity="low")
