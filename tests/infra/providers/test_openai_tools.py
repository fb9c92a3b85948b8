"""Tools and structured answers at OpenAI's API: what is asked, and what calls of tools come to, whole and in pieces."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.models.answer_format import AnswerFormat
from domain.models.completion import CompletionRequest, Turn
from domain.models.tools import Tool, ToolCall, ToolCallPiece, ToolChoice
from infra.outgoing.client import Outgoing
from infra.providers.incoming import Incoming
from infra.providers.openai.completer import OpenAICompleter
from tests.doubles.openai import Double, openai_double
from tests.doubles.openai_saying import call
from tests.infra.providers.asking import ABILITIES, COUNTER, PROMPT, request

SCHEMA = '{"type":"object","properties":{"city":{"type":"string"}}}'
WEATHER = Tool(name="weather", description="The weather of a city.", parameters=SCHEMA, strict=True)
TIME = Tool(name="time")
CALLS = (
    ToolCall(id="call_1", name="weather", arguments='{"city": "Oslo"}'),
    ToolCall(id="call_2", name="time", arguments="{}"),
)


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Double]:
    async with openai_double() as double:
        double.says = lambda body: {
            "tool_calls": [call("weather", '{"city": "Oslo"}'), call("time", "{}", "call_2")]
        }
        yield double


@pytest.fixture(name="asked")
async def _asked(double: Double) -> AsyncIterator[OpenAICompleter]:
    async with Outgoing(guarded=False) as http:
        yield OpenAICompleter(
            name="openai",
            key="key-1",
            base_url=double.url("says"),
            http=http,
            counter=COUNTER,
            abilities=lambda model: ABILITIES,
        )


async def pieces(asked: OpenAICompleter, wanted: CompletionRequest) -> list[Any]:
    return [piece async for piece in asked.stream(wanted) if piece != ""]


async def test_calls_of_tools_come_whole(double: Double, asked: OpenAICompleter) -> None:
    found = await asked.complete(request(tools=(WEATHER, TIME)))
    assert (found.text, found.finish, found.calls) == ("", "tool_calls", CALLS)
    assert double.requests[0]["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "weather",
                "description": "The weather of a city.",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
                "strict": True,
            },
        },
        {"type": "function", "function": {"name": "time"}},
    ]


async def test_calls_of_tools_come_in_pieces(asked: OpenAICompleter) -> None:
    *said, last = await pieces(asked, request(tools=(WEATHER, TIME)))
    assert (last.finish, last.calls) == ("tool_calls", CALLS)
    assert said[0] == ToolCallPiece(index=0, id="call_1", name="weather")
    for index, whole in enumerate(CALLS):
        assert "".join(each.arguments for each in said if each.index == index) == whole.arguments
        assert [each.id for each in said if each.index == index and each.id] == [whole.id]


@pytest.mark.parametrize(
    "chunks",
    [
        # Both numbered 0 (Ollama), without numbers (Mistral), with the name again in each piece (some of vLLM's parsers).
        [
            {"tool_calls": [{**each, "index": 0}]}
            for each in (call("weather", '{"city": "Oslo"}'), call("time", "{}", "call_2"))
        ],
        [{"tool_calls": [call("weather", '{"city": "Oslo"}'), call("time", "{}", "call_2")]}],
        [
            {"tool_calls": [{**call("weather", '{"city": '), "index": 0}]},
            {"tool_calls": [{**call("weather", '"Oslo"}'), "index": 0}]},
            {"tool_calls": [{**call("time", "{}", "call_2"), "index": 1}]},
        ],
        [
            {"tool_calls": [{**call("weather", ""), "index": 0}]},
            {
                "tool_calls": [
                    {"index": 0, "id": None, "function": {"name": None, "arguments": '{"city": "Oslo"}'}}
                ]
            },
            {"tool_calls": [{**call("time", "", "call_2"), "index": 1}]},
            {"tool_calls": None, "content": None},
        ],
    ],
    ids=["all-zero", "no-numbers", "names-again", "nulls"],
)
async def test_servers_may_tell_calls_apart_as_they_like(
    double: Double, asked: OpenAICompleter, chunks: list[dict[str, Any]]
) -> None:
    double.says = lambda body: {"chunks": chunks, "finish_reason": "stop"}
    *_, last = await pieces(asked, request(tools=(WEATHER, TIME)))
    assert (last.finish, last.calls) == ("tool_calls", CALLS)


async def test_a_call_without_an_id_gets_one_and_an_object_is_written_as_a_text(
    double: Double, asked: OpenAICompleter
) -> None:
    function = {"name": "weather", "arguments": {"city": "Oslo"}}
    double.says = lambda body: {"tool_calls": [{"function": function}, {"function": function}]}
    first, second = (await asked.complete(request(tools=(WEATHER,)))).calls
    assert first.arguments == '{"city":"Oslo"}'
    assert first.id.startswith("call_")
    assert first.id != second.id


async def test_calls_that_nobody_asked_for_are_no_answer(double: Double, asked: OpenAICompleter) -> None:
    double.says = lambda body: {"content": "Sunny.", "tool_calls": [call("weather", "{}")]}
    found = await asked.complete(request())
    assert (found.text, found.finish, found.calls) == ("Sunny.", "other", ())


async def test_a_turn_with_calls_and_their_results_goes_back_in_its_form(
    double: Double, asked: OpenAICompleter
) -> None:
    calls = (ToolCall(id="call_1", name="weather", arguments="{}", signature="of Gemini"),)
    turns = (Turn(role="assistant", text="", calls=calls), Turn(role="tool", text="sunny", call="call_1"))
    wanted = CompletionRequest(model="m", prompt=(*PROMPT, *turns), questions=(), tools=(WEATHER,))
    await asked.complete(wanted)
    assert double.requests[0]["messages"][2:] == [
        {"role": "assistant", "content": None, "tool_calls": [call("weather", "{}")]},
        {"role": "tool", "content": "sunny", "tool_call_id": "call_1"},
    ]


@pytest.mark.parametrize(
    ("choice", "names", "said"),
    [
        (ToolChoice(mode="required"), ["weather", "time"], "required"),
        (ToolChoice(mode="none"), ["weather", "time"], "none"),
        (
            ToolChoice(mode="required", names=("time",)),
            ["time"],
            {"type": "function", "function": {"name": "time"}},
        ),
        (ToolChoice(mode="auto", names=("time",)), ["time"], "auto"),
    ],
)
async def test_a_choice_of_tools_is_told(
    double: Double, asked: OpenAICompleter, choice: ToolChoice, names: list[str], said: Any
) -> None:
    await asked.complete(request(tools=(WEATHER, TIME), tool_choice=choice, parallel_tool_calls=False))
    body = double.requests[0]
    assert [tool["function"]["name"] for tool in body["tools"]] == names
    assert (body["tool_choice"], body["parallel_tool_calls"]) == (said, False)


async def test_the_form_of_the_answer_is_told(double: Double, asked: OpenAICompleter) -> None:
    double.says = lambda body: {"content": "{}"}
    for form in (
        AnswerFormat(type="json_object"),
        AnswerFormat(type="json_schema", schema=SCHEMA, strict=True),
    ):
        await asked.complete(request(answer_format=form))
    first, second = (body["response_format"] for body in double.requests)
    assert first == {"type": "json_object"}
    assert second["json_schema"]["schema"]["properties"] == {"city": {"type": "string"}}
    assert (second["type"], second["json_schema"]["strict"]) == ("json_schema", True)


async def test_what_a_vendor_does_not_count_is_counted_with_tools_and_calls(
    double: Double, asked: OpenAICompleter
) -> None:
    usage = (await asked.complete(request(tools=(WEATHER, TIME)))).usage
    assert usage.source == "provider"
    incoming = Incoming(request(tools=(WEATHER,)), COUNTER)
    incoming.add_call(id="call_1", name="weather", arguments='{"city": "Oslo"}')
    incoming.finish = "tool_calls"
    counted = incoming.completion().usage
    plain = Incoming(request(), COUNTER)
    plain.add("x")
    plain.finish = "stop"
    assert counted.input > plain.completion().usage.input
    assert counted.output > plain.completion().usage.output
