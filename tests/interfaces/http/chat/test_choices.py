"""Several choices and log probabilities by the completions API and the Responses API, with a client of OpenAI's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import openai
import pytest

from domain.chat.call import Call
from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.interfaces.http.chat.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer

MODEL = "gpt-4o-mini"
TEXTS = ["At nine.", "From nine to five.", "Every day."]


@pytest.fixture(autouse=True)
def _says(shop: Customer, upstream: Double) -> None:
    upstream.script = lambda body: "says"
    upstream.says = lambda body: {"choices": [{"content": text} for text in TEXTS[: body.get("n", 1)]]}


async def test_each_choice_is_told_whole_and_in_pieces_and_is_on_record(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services
) -> None:
    whole = await client.chat.completions.create(
        model=MODEL, messages=ASK, n=3, logprobs=True, top_logprobs=1
    )
    assert [(each.index, each.message.content) for each in whole.choices] == list(enumerate(TEXTS))
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 30
    first = whole.choices[0].logprobs
    assert first is not None
    assert first.content is not None
    assert [(token.token, token.logprob, token.top_logprobs[0].token) for token in first.content] == [
        ("At", -0.25, "other0"),
        (" nine.", -0.25, "other0"),
    ]
    # The first time in pieces, the second time out of the cache.
    for fresh in ("no-cache", ""):
        said, likely, ends = [""] * 3, [list[str]() for _ in TEXTS], dict[int, str]()
        stream = await client.chat.completions.create(
            model=MODEL,
            messages=ASK,
            n=3,
            logprobs=True,
            top_logprobs=1,
            stream=True,
            extra_headers={"Cache-Control": fresh},
        )
        async for chunk in stream:
            for choice in chunk.choices:
                said[choice.index] += choice.delta.content or ""
                likely[choice.index] += [
                    token.token for token in (choice.logprobs.content if choice.logprobs else None) or ()
                ]
                if choice.finish_reason:
                    ends[choice.index] = choice.finish_reason
        assert said == TEXTS
        assert ["".join(each) for each in likely] == TEXTS
        assert ends == dict.fromkeys(range(3), "stop")
    for requested, _, answered in await calls(parts, shop):
        assert (requested.choices, requested.logprobs) == (3, 1)
        assert [answered.text, *(each.text for each in answered.others)] == TEXTS
        assert answered.others[1].logprobs[0].token == "Every"
        why = await shop.http.get(f"/v1/interactions/{answered.originator_id}/why")
        assert why.json()["answer"] == "\n".join(TEXTS)


async def test_each_choice_must_have_the_form_that_was_asked_for(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    asked: list[int] = []

    def says(body: dict[str, Any]) -> dict[str, Any]:
        asked.append(body["n"])
        second = "no JSON" if len(asked) == 1 else json.dumps({"open": 2})
        return {"choices": [{"content": json.dumps({"open": 1})}, {"content": second}]}

    upstream.says = says
    form: Any = {"type": "json_object"}
    told = await client.chat.completions.create(model=MODEL, messages=ASK, n=2, response_format=form)
    assert [each.message.content for each in told.choices] == ['{"open": 1}', '{"open": 2}']
    ((_, metered, _),) = await calls(parts, shop)
    assert [attempt.outcome for attempt in metered.attempts] == ["incomplete", "ok"]
    assert all(attempt.cost for attempt in metered.attempts)


async def test_a_client_that_leaves_has_what_it_got_of_each_choice_on_record(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    upstream.says = lambda body: {
        "choices": [
            {"content": "", "chunks": [{"content": "At "}, {"content": "nine"}, 30.0]},
            {"content": "", "chunks": [{"content": "Every"}, {"content": " day"}]},
        ]
    }
    stream = await client.chat.completions.create(model=MODEL, messages=ASK, n=2, stream=True)
    seen = 0
    async for _ in stream:
        seen += 1
        if seen == 6:  # the beginning and two pieces of both
            await stream.close()
            break
    while parts.background:
        await asyncio.wait(set(parts.background))
    ((_, _, ended),) = await calls(parts, shop)
    assert isinstance(ended, Call.Ended)
    assert (ended.text, [each.text for each in ended.others]) == ("At nine", ["Every day"])


async def test_what_a_model_can_not_is_refused_by_the_name_of_its_field(shop: Customer) -> None:
    for model, more, field in (
        ("gemini/gemini-3.8-flash", {"n": 2}, "n"),
        ("openai/gpt-6-luna", {"logprobs": True}, "logprobs"),
        ("agent", {"n": 2}, "n"),
    ):
        reply = await shop.http.post("/v1/chat/completions", json={"model": model, "messages": ASK, **more})
        assert reply.status_code == 400, reply.text
        assert reply.json()["error"]["param"] == field


async def test_what_is_held_of_the_budget_is_for_all_choices(shop: Customer, parts: Services) -> None:
    assert (await shop.http.put("/v1/budgets", json={"day": "0.001", "on_hard": "stop"})).status_code == 200
    body = {"model": MODEL, "messages": ASK, "max_tokens": 1000}
    assert (await shop.http.post("/v1/chat/completions", json=body)).status_code == 200
    refused = await shop.http.post("/v1/chat/completions", json={**body, "n": 8})
    assert refused.status_code == 429, refused.text
    assert refused.json()["error"]["code"] == "insufficient_quota"


async def test_a_response_tells_log_probabilities(client: openai.AsyncOpenAI) -> None:
    include: Any = ["message.output_text.logprobs"]
    made = await client.responses.create(model=MODEL, input="When?", include=include, top_logprobs=1)
    message: Any = made.output[0]
    assert [token.token for token in message.content[0].logprobs] == ["At", " nine."]
    kept: Any = (await client.responses.retrieve(made.id)).output[0]
    assert kept.content[0].logprobs == message.content[0].logprobs
    async with client.responses.stream(
        model=MODEL, input="When? ", include=include, top_logprobs=1
    ) as stream:
        events: Any = [event async for event in stream]
    deltas = [event for event in events if event.type == "response.output_text.delta"]
    assert [token.token for event in deltas for token in event.logprobs] == ["At", " nine."]
