"""LiteLLM as a client: completions, streaming, tools, structured output, embeddings, responses, errors."""

from __future__ import annotations

import json
from typing import Any

import litellm
import pydantic
import pytest
from conftest import KEY, URL

SAID = "It is as you say, and all is well."
AT: dict[str, Any] = {"api_base": URL, "api_key": KEY}
MODEL = "openai/openai/gpt-4o-mini"
"""LiteLLM takes the first part for the API that is spoken."""

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def asked(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def test_a_text_whole_and_in_pieces() -> None:
    whole = litellm.completion(model=MODEL, messages=asked("Hello?"), **AT)
    assert whole.choices[0].message.content == SAID
    assert whole.usage.total_tokens == 150
    options = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(litellm.completion(model=MODEL, messages=asked("Hello there?"), **options, **AT))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == SAID
    assert chunks[-1].usage.total_tokens == 150


async def test_tools_are_called_and_what_they_come_to_goes_back() -> None:
    messages: list[Any] = asked("The weather in 'Oslo'?")
    called = (await litellm.acompletion(model=MODEL, messages=messages, tools=[TOOL], **AT)).choices[0]
    assert called.finish_reason == "tool_calls"
    (call,) = called.message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Oslo"}
    messages += [called.message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    told = await litellm.acompletion(model=MODEL, messages=messages, tools=[TOOL], **AT)
    assert told.choices[0].message.content == SAID


class Place(pydantic.BaseModel):
    city: str


def test_an_answer_is_an_object() -> None:
    made = litellm.completion(model=MODEL, messages=asked("Tell me of 'Oslo'."), response_format=Place, **AT)
    assert Place.model_validate_json(made.choices[0].message.content) == Place(city="Oslo")


def test_vectors() -> None:
    made = litellm.embedding(model="openai/text-embedding-3-small", input=["one", "two"], **AT)
    assert [len(each["embedding"]) for each in made.data] == [1536, 1536]


def test_responses() -> None:
    made = litellm.responses(model=MODEL, input="Hello?", **AT)
    assert made.output[0].content[0].text == SAID
    events = list(litellm.responses(model=MODEL, input="Hello there?", stream=True, **AT))
    assert events[-1].type == "response.completed"


def test_errors_are_told_apart() -> None:
    with pytest.raises(litellm.AuthenticationError):
        litellm.completion(model=MODEL, messages=asked("x"), api_base=URL, api_key="rt_wrong")
    with pytest.raises(litellm.NotFoundError, match="no model"):
        litellm.completion(model="openai/none", messages=asked("x"), **AT)
    with pytest.raises(litellm.BadRequestError, match="max_tokens"):
        litellm.completion(model=MODEL, messages=asked("x"), max_tokens=-1, **AT)
