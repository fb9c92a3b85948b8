"""The older completions API, with a client of OpenAI's."""

from __future__ import annotations

import asyncio
from typing import Any

import openai
import pytest

from domain.chat.call import Call
from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.interfaces.http.chat.conftest import calls
from tests.interfaces.http.conftest import Customer

MODEL = "gpt-4o-mini"
PROMPTS = ["When do you open?", "And close?"]


@pytest.fixture(autouse=True)
def _says(shop: Customer, upstream: Double) -> None:
    upstream.script = lambda body: "says"
    upstream.says = lambda body: {
        "choices": [{"content": f"{body['messages'][0]['content']} {n}."} for n in range(body.get("n", 1))]
    }


async def test_each_prompt_has_its_choices_and_is_a_call_on_record(
    client: openai.AsyncOpenAI, parts: Services, shop: Customer, upstream: Double
) -> None:
    told = await client.completions.create(model=MODEL, prompt=PROMPTS, n=2, logprobs=1, max_tokens=50)
    expected = [f"{prompt} {n}." for prompt in PROMPTS for n in range(2)]
    assert [(each.index, each.text, each.finish_reason) for each in told.choices] == [
        (index, text, "stop") for index, text in enumerate(expected)
    ]
    likely = told.choices[3].logprobs
    assert likely is not None
    assert likely.tokens == ["And", " close?", " 1."]
    assert likely.text_offset == [0, 3, 10]
    assert likely.top_logprobs == [{"other0": -1.0}] * 3
    assert told.usage is not None
    assert (told.usage.prompt_tokens, told.usage.completion_tokens) == (240, 60)
    assert (told.id[:5], told.object, told.model) == ("cmpl-", "text_completion", f"openai/{MODEL}-2026")
    extra: Any = told.model_extra
    made = await calls(parts, shop)
    assert {each["call"] for each in extra["retrace"]} == {str(events[0].originator_id) for events in made}
    assert sorted(events[0].messages[0].text for events in made) == sorted(PROMPTS)
    assert all(isinstance(events[-1], Call.Answered) for events in made)


async def test_it_is_streamed_by_index(client: openai.AsyncOpenAI) -> None:
    stream = await client.completions.create(
        model=MODEL,
        prompt=PROMPTS,
        n=2,
        logprobs=0,
        max_tokens=50,
        stream=True,
        stream_options={"include_usage": True},
    )
    said, offsets, ends, used = [""] * 4, [list[int]() for _ in range(4)], dict[int, str](), 0
    async for chunk in stream:
        used = chunk.usage.completion_tokens if chunk.usage else used
        for choice in chunk.choices:
            said[choice.index] += choice.text
            offsets[choice.index] += (choice.logprobs.text_offset if choice.logprobs else None) or []
            if choice.finish_reason:
                ends[choice.index] = choice.finish_reason
    assert said == [f"{prompt} {n}." for prompt in PROMPTS for n in range(2)]
    assert offsets[2] == [0, 3, 10]
    assert (ends, used) == (dict.fromkeys(range(4), "stop"), 60)


async def test_without_a_limit_a_choice_has_sixteen_tokens(
    client: openai.AsyncOpenAI, upstream: Double
) -> None:
    told = await client.completions.create(model=MODEL, prompt="Open?", echo=False, best_of=1, suffix="")
    assert told.choices[0].text == "Open? 0."
    assert upstream.requests[-1]["max_tokens"] == 16
    agents = await client.completions.create(model="agent", prompt="When are you open?", max_tokens=200)
    assert agents.choices[0].text


async def test_where_one_prompt_fails_the_request_does_and_all_are_on_record(
    client: openai.AsyncOpenAI, parts: Services, shop: Customer, upstream: Double
) -> None:
    upstream.script = lambda body: "filter-400" if "close" in str(body["messages"]) else "says"
    with pytest.raises(openai.UnprocessableEntityError):
        await client.completions.create(model=MODEL, prompt=PROMPTS, max_tokens=50)
    while parts.background:
        await asyncio.wait(set(parts.background))
    assert len(await calls(parts, shop)) == 2


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"suffix": "end"}, "suffix"),
        ({"echo": True}, "echo"),
        ({"best_of": 3}, "best_of"),
        ({"n": 100, "prompt": ["a", "b"]}, "n"),
        ({"prompt": [1, 2]}, "prompt[0]"),
        ({"prompt": []}, "prompt"),
        ({"logprobs": 6}, "logprobs"),
        ({"model": "agent", "n": 2}, "n"),
    ],
)
async def test_what_is_not_offered_is_refused_by_name(
    shop: Customer, upstream: Double, more: dict[str, Any], field: str
) -> None:
    before = len(upstream.calls)
    reply = await shop.http.post("/v1/completions", json={"model": MODEL, "prompt": "a", **more})
    assert reply.status_code == 400, reply.text
    assert reply.json()["error"]["param"] == field, reply.text
    assert len(upstream.calls) == before
