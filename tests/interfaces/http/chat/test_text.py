"""The text of an answer: the same whole, in pieces and out of the cache; its numbers point at passages of its own prompt alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
import pytest_asyncio

from domain.retrieval.markers import without_markers
from interfaces.bootstrap import Services
from tests.doubles.openai import GOOD, Double
from tests.doubles.wire import Call, Reply, server_events
from tests.interfaces.http.chat.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer, settled

PIECES = ["\n ", " We open", " [", "1", "]", " at", " nine [7", "]. See [x] [1", "23", "4].", " \n", "\n"]
WHOLE = "".join(PIECES)


def saying(call: Call) -> Reply:
    """The same answer, in the form that is asked for."""
    choice = {"index": 0, "finish_reason": "stop"}
    if not call.body.get("stream"):
        message = {"role": "assistant", "content": WHOLE}
        return Reply(body=json.dumps({**GOOD, "choices": [{**choice, "message": message}]}).encode())
    head = {**GOOD, "object": "chat.completion.chunk", "usage": None}
    parts = [{"index": 0, "delta": {"content": piece}, "finish_reason": None} for piece in PIECES]
    chunks = [{**head, "choices": [part]} for part in [*parts, {**choice, "delta": {}}]]
    return server_events([*(json.dumps(chunk).encode() for chunk in chunks), b"[DONE]"])


@pytest_asyncio.fixture(name="desk")
async def _desk(shop: Customer, upstream: Double) -> AsyncIterator[Customer]:
    """A tenant whose agent has documents and a model that says `WHOLE`."""
    answer, upstream.answer = upstream.answer, saying
    put = await shop.http.put("/v1/agent/configuration", json={"default_model": "openai/gpt-4o-mini"})
    assert put.status_code == 200, put.text
    assert (await shop.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
    yield shop
    upstream.answer = answer


async def told(client: openai.AsyncOpenAI, model: str, messages: Any, stream: bool) -> str:
    if not stream:
        whole = await client.chat.completions.create(model=model, messages=messages)
        return whole.choices[0].message.content or ""
    said = ""
    async for chunk in await client.chat.completions.create(model=model, messages=messages, stream=True):
        said += "".join(choice.delta.content or "" for choice in chunk.choices)
    return said


@pytest.mark.parametrize(
    ("model", "expected"),
    [("openai/gpt-4o-mini", WHOLE.strip()), ("agent", "We open at nine. See [x] [1234].")],
)
@pytest.mark.parametrize("cached", [False, True])
async def test_an_answer_has_the_same_text_whole_in_pieces_and_out_of_the_cache(
    client: openai.AsyncOpenAI,
    desk: Customer,
    parts: Services,
    model: str,
    expected: str,
    cached: bool,
) -> None:
    assert (await desk.http.put("/v1/flags/response_cache", json={"on": cached})).status_code == 200
    texts = [await told(client, model, ASK, stream) for stream in (False, True, True, False)]
    assert texts == [expected] * 4
    made = await calls(parts, desk)
    assert [events[-1].text for events in made] == [expected] * 4
    assert [events[-1].cached for events in made] == [False, cached, cached, cached]


async def test_no_number_of_an_earlier_turn_points_at_a_passage_of_a_later_one(
    client: openai.AsyncOpenAI, app: Any, desk: Customer, parts: Services, upstream: Double
) -> None:
    """Once documents are there, and the answers of before come back with the numbers that they had."""
    content = b"Hours\n\nWe open at nine [7] on weekdays [1]."
    made = await desk.http.post("/v1/documents", files={"file": ("hours.txt", content)})
    assert (await settled(desk, made.headers["Location"]))["status"] == "completed"
    first = await client.chat.completions.create(model="agent", messages=ASK)
    assert first.choices[0].message.content == "We open [1] at nine. See [x] [1234]."
    assert first.model_extra is not None
    (citation,) = first.model_extra["retrace"]["citations"]
    assert (citation["marker"], citation["title"]) == (1, "hours.txt")
    question = {"role": "user", "content": "You said [1]; and on Sunday?"}
    await client.chat.completions.create(
        model="agent", messages=[*ASK, first.choices[0].message, question], temperature=0
    )
    system, *said = upstream.requests[-1]["messages"]
    assert [turn["content"] for turn in said] == [
        ASK[0]["content"],
        "We open at nine. See [x] [1234].",
        "You said (1); and on Sunday?",
    ]
    assert "We open at nine (7) on weekdays (1)." in system["content"]
    told_how = "as in [1]"
    assert told_how in system["content"]
    rest = system["content"].replace(told_how, "")
    assert without_markers(rest) == rest


async def test_a_tenant_that_shows_no_sources_shows_none_in_pieces_either(
    client: openai.AsyncOpenAI, app: Any, desk: Customer
) -> None:
    made = await desk.http.post("/v1/documents", files={"file": ("hours.txt", b"We open at nine.")})
    assert (await settled(desk, made.headers["Location"]))["status"] == "completed"
    shown = (await desk.http.get("/v1/agent/configuration")).json()["configuration"]
    put = await desk.http.put("/v1/agent/configuration", json={**shown, "attribution": False})
    assert put.status_code == 200, put.text
    texts = [await told(client, "agent", ASK, stream) for stream in (False, True)]
    assert texts == ["We open at nine. See [x] [1234]."] * 2
    reply = await desk.ask(ASK[0]["content"])
    assert reply.json()["text"] == texts[0]


async def test_an_answer_is_kept_only_under_the_model_that_gave_it(
    client: openai.AsyncOpenAI,
    desk: Customer,
    parts: Services,
    upstream: Double,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of one provider the first model is down, the second answers: what it said is not the first one's."""
    monkeypatch.setattr("infra.redis.fill_lock.IN_VAIN", 0.001)
    put = await desk.http.put(
        "/v1/agent/configuration",
        json={"default_model": "openai/gpt-4o-mini", "fallback_models": ["openai/gpt-4o"]},
    )
    assert put.status_code == 200, put.text
    down = True

    def script(call: Call) -> Reply:
        return Reply(503, body=b"{}") if down and call.body["model"] == "gpt-4o-mini" else saying(call)

    upstream.answer = script
    await parts.health.reset(await parts.health.all())
    second = await client.chat.completions.create(model="auto", messages=ASK)
    down = False
    await parts.health.reset(await parts.health.all())
    first = await client.chat.completions.create(model="auto", messages=ASK)
    again = await client.chat.completions.create(model="auto", messages=ASK)
    asked = [call["model"] for call in upstream.requests[-3:]]
    assert asked == ["gpt-4o-mini", "gpt-4o", "gpt-4o-mini"]
    facts = [given.model_extra["retrace"] for given in (second, first, again) if given.model_extra]
    assert [each["cached"] for each in facts] == [False, False, True]
