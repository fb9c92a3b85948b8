"""Tools and structured answers at Gemini: functions, calls with signatures, results, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.models.answer_format import AnswerFormat
from domain.models.completion import CompletionRequest, Turn
from domain.models.tools import Tool, ToolCall, ToolCallPiece, ToolChoice
from infra.outgoing.client import Outgoing
from infra.providers.gemini.completer import GeminiCompleter
from tests.doubles.gemini import USAGE
from tests.doubles.wire import Call, Reply, Wire, server_events, serving
from tests.infra.providers.asking import ABILITIES, COUNTER, PROMPT, request

MODEL = "gemini-3.8-flash"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": False}
TOOLS = (Tool(name="weather", description="Of a city.", parameters=json.dumps(SCHEMA)), Tool(name="time"))
SIGNATURE = "c2lnbmVk"
ANSWER: dict[str, Any] = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [
                    {"text": "Thinking", "thought": True},
                    {
                        "functionCall": {"name": "weather", "args": {"city": "Oslo"}},
                        "thoughtSignature": SIGNATURE,
                    },
                    {"functionCall": {"id": "x1", "name": "time", "args": {}}},
                ],
            },
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": USAGE,
    "modelVersion": MODEL,
}


def answered(call: Call) -> Reply:
    if ":streamGenerateContent" in call.path:
        return server_events([json.dumps(ANSWER).encode()])
    return Reply(body=json.dumps(ANSWER).encode())


@pytest.fixture(name="wire")
async def _wire() -> AsyncIterator[Wire]:
    wire = Wire(answered)
    async with serving(wire):
        yield wire


@pytest.fixture(name="asked")
async def _asked(wire: Wire) -> AsyncIterator[GeminiCompleter]:
    async with Outgoing(guarded=False) as http:
        yield GeminiCompleter(
            name="gemini",
            key="key-1",
            base_url=f"http://127.0.0.1:{wire.port}",
            http=http,
            counter=COUNTER,
            abilities=lambda model: ABILITIES | {"reasoning"},
        )


async def test_calls_come_with_their_signature_whole_and_streamed(wire: Wire, asked: GeminiCompleter) -> None:
    whole = await asked.complete(request(MODEL, tools=TOOLS))
    first, second = whole.calls
    assert (whole.text, whole.finish) == ("", "tool_calls")
    assert (first.name, first.arguments, first.signature) == (
        "weather",
        '{"city":"Oslo"}',
        f"{MODEL}:{SIGNATURE}",
    )
    assert (second.id, second.name, second.arguments, second.signature) == ("x1", "time", "{}", None)
    *pieces, last = [piece async for piece in asked.stream(request(MODEL, tools=TOOLS)) if piece != ""]
    assert [each.name for each in pieces if isinstance(each, ToolCallPiece)] == ["weather", "time"]
    assert not isinstance(last, str | ToolCallPiece)
    assert last.calls[0].signature == first.signature
    functions = wire.calls[0].body["tools"][0]["functionDeclarations"]
    assert functions == [
        {"name": "weather", "description": "Of a city.", "parameters_json_schema": SCHEMA},
        {"name": "time"},
    ]


async def test_of_calls_at_once_one_is_taken_where_more_are_not_wanted(asked: GeminiCompleter) -> None:
    wanted = request(MODEL, tools=TOOLS, parallel_tool_calls=False)
    assert [call.name for call in (await asked.complete(wanted)).calls] == ["weather"]
    pieces = [piece async for piece in asked.stream(wanted)]
    assert len([each for each in pieces if isinstance(each, ToolCallPiece)]) == 1


@pytest.mark.parametrize(
    ("signature", "sent"),
    [
        (f"{MODEL}:{SIGNATURE}", SIGNATURE),
        ("gemini-4-argon:c2lnbmVk", "skip_thought_signature_validator"),
        (None, "skip_thought_signature_validator"),
    ],
)
async def test_a_signature_goes_back_to_the_model_that_gave_it(
    wire: Wire, asked: GeminiCompleter, signature: str | None, sent: str
) -> None:
    calls = (
        ToolCall(id="a", name="weather", arguments='{"city":"Oslo"}', signature=signature),
        ToolCall(id="b", name="time", arguments="[broken"),
    )
    turns = (
        Turn(role="assistant", text="", calls=calls),
        Turn(role="tool", text='{"sky":"blue"}', call="a"),
        Turn(role="tool", text="noon", call="b"),
    )
    await asked.complete(CompletionRequest(model=MODEL, prompt=(*PROMPT, *turns), questions=(), tools=TOOLS))
    _, model, results = wire.calls[0].body["contents"]
    assert model == {
        "role": "model",
        "parts": [
            {
                "functionCall": {"id": "a", "name": "weather", "args": {"city": "Oslo"}},
                "thoughtSignature": sent,
            },
            {"functionCall": {"id": "b", "name": "time", "args": {"arguments": "[broken"}}},
        ],
    }
    assert [part["functionResponse"] for part in results["parts"]] == [
        {"id": "a", "name": "weather", "response": {"sky": "blue"}},
        {"id": "b", "name": "time", "response": {"output": "noon"}},
    ]


@pytest.mark.parametrize(
    ("choice", "mode", "names"),
    [
        (ToolChoice(mode="none"), "NONE", ["weather", "time"]),
        (ToolChoice(mode="required"), "ANY", ["weather", "time"]),
        (ToolChoice(mode="required", names=("time",)), "ANY", ["time"]),
        (None, "AUTO", ["weather", "time"]),
    ],
)
async def test_a_choice_and_a_form_are_told(
    wire: Wire, asked: GeminiCompleter, choice: ToolChoice | None, mode: str, names: list[str]
) -> None:
    form = AnswerFormat(type="json_schema", schema=json.dumps(SCHEMA))
    await asked.complete(request(MODEL, tools=TOOLS, tool_choice=choice, answer_format=form))
    body = wire.calls[0].body
    assert body["toolConfig"]["functionCallingConfig"] == {"mode": mode}
    assert [each["name"] for each in body["tools"][0]["functionDeclarations"]] == names
    assert body["generationConfig"]["responseMimeType"] == "application/json"
    assert body["generationConfig"]["responseJsonSchema"] == SCHEMA
