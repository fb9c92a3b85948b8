"""The completions API, with the official client, on a running server, before a provider played at the wire."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import openai
import pytest

from interfaces.bootstrap import Services
from tests.doubles.openai import PIECES, Double
from tests.interfaces.http.chat.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE


async def test_the_official_client_gets_an_answer_with_the_providers_usage(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    given = await client.chat.completions.create(
        model="openai/gpt-4o-mini", messages=ASK, max_tokens=50, temperature=0.5, seed=7, stop=["x"]
    )
    assert given.choices[0].message.content == "Yes."
    assert given.choices[0].finish_reason == "stop"
    assert given.usage is not None
    assert (given.usage.prompt_tokens, given.usage.completion_tokens, given.usage.total_tokens) == (
        120,
        30,
        150,
    )
    assert given.usage.prompt_tokens_details is not None
    assert given.usage.prompt_tokens_details.cached_tokens == 20
    sent = upstream.requests[-1]
    assert (sent["model"], sent["max_tokens"], sent["temperature"], sent["seed"]) == (
        "gpt-4o-mini",
        50,
        0.5,
        7,
    )
    assert sent["stop"] == ["x"]
    ((requested, metered, answered),) = await calls(parts, shop)
    assert (requested.model, requested.messages[0].text) == ("openai/gpt-4o-mini", "When are you open?")
    # 100 of 120 tokens of input at 0.15, 20 cached ones at 0.075, 30 of output at 0.60 USD per million
    assert metered.cost == Decimal("0.0000345")
    assert answered.text == "Yes."
    assert given.model_extra is not None
    assert given.model_extra["retrace"]["cost"] == "0.0000345"


async def test_the_same_question_again_is_answered_from_the_cache_and_costs_nothing(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    before = len(upstream.calls)
    for _ in range(2):
        await client.chat.completions.create(model="gpt-4o-mini", messages=ASK)
    assert len(upstream.calls) == before + 1
    first, second = await calls(parts, shop)
    assert [first[-1].cached, second[-1].cached] == [False, True]
    assert second[1].cost == 0
    assert second[1].attempts[0].cached


async def test_an_answer_is_streamed_piece_by_piece_with_its_usage(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services
) -> None:
    said, models, usage = [], [], None
    async for chunk in await client.chat.completions.create(
        model="gpt-4o-mini", messages=ASK, stream=True, stream_options={"include_usage": True}
    ):
        if chunk.choices and chunk.choices[0].delta.content:
            said.append(chunk.choices[0].delta.content)
        usage = chunk.usage or usage
        models.append(chunk.model)
    assert said == [PIECES[0].lstrip(), *PIECES[1:]]
    assert (models[0], models[-1]) == ("gpt-4o-mini", "openai/gpt-test-2026")
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (120, 30)
    ((_, metered, answered),) = await calls(parts, shop)
    assert answered.text == "".join(PIECES).strip()
    assert metered.cost == Decimal("0.0000345")


async def test_a_client_that_goes_away_ends_the_call_upstream_and_pays_for_what_was_said(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    upstream.script = lambda body: "long"
    stream = await client.chat.completions.create(model="gpt-4o-mini", messages=ASK, stream=True)
    seen = 0
    async for chunk in stream:
        seen += bool(chunk.choices and chunk.choices[0].delta.content)
        if seen == 5:
            break
    await stream.close()
    async with asyncio.timeout(PATIENCE):
        await upstream.calls[-1].gone.wait()
        while not (made := await calls(parts, shop)):
            await asyncio.sleep(0.02)
    ((_, metered, ended),) = made
    assert ended.reason == "the caller went away"
    assert ended.text.startswith("0 1 2 3 4")
    (attempt,) = metered.attempts
    assert attempt.outcome == "cancelled"
    assert attempt.usage.output > 0
    assert metered.cost > 0


@pytest.mark.parametrize(
    ("fault", "status", "outcome"),
    [
        ("401", 424, "authentication"),
        ("404", 404, "not_found"),
        ("429", 429, "rate_limited"),
        ("500", 424, "unavailable"),
        ("503", 424, "unavailable"),
        ("malformed", 424, "unavailable"),
        ("empty-choices", 424, "incomplete"),
        ("filter", 422, "refused"),
        ("context", 400, "context_too_long"),
        ("cut", 424, "unavailable"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_what_goes_wrong_upstream_is_told_and_never_our_fault(
    client: openai.AsyncOpenAI,
    shop: Customer,
    parts: Services,
    upstream: Double,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    status: int,
    outcome: str,
    stream: bool,
) -> None:
    monkeypatch.setattr("application.gateway.complete.RETRIES", 0)
    await parts.health.reset(await parts.health.all())
    upstream.script = lambda body: fault

    async def ask() -> None:
        messages: Any = [{"role": "user", "content": f"{fault} {stream}"}]
        once = client.with_options(max_retries=0)
        given: Any = await once.chat.completions.create(model="gpt-4o-mini", messages=messages, stream=stream)
        async for _ in given:
            pass

    with pytest.raises(openai.APIError) as caught:
        await ask()
    if isinstance(caught.value, openai.APIStatusError):
        assert caught.value.status_code == status
    ((_, metered, *_),) = await calls(parts, shop)
    assert [attempt.outcome for attempt in metered.attempts] == [outcome]
    await parts.health.reset(await parts.health.all())


async def test_the_agent_answers_from_the_tenants_documents_with_citations(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services
) -> None:
    given = await client.chat.completions.create(model="agent", messages=ASK)
    assert given.model == "local/extractive"
    assert given.choices[0].message.content
    ((requested, prompted, metered, answered),) = await calls(parts, shop)
    assert requested.model == "agent"
    assert prompted.prompt[0].role == "system"
    assert metered.attempts[-1].provider == "local"
    assert answered.text == given.choices[0].message.content


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"model": "no-such-model"}, 404),
        ({"model": "nowhere/m"}, 404),
        ({"messages": []}, 400),
        ({"model": "agent", "messages": [{"role": "assistant", "content": "x"}]}, 400),
        ({"n": 0}, 400),
        ({"n": 129}, 400),
        ({"top_logprobs": 2}, 400),
        ({"model": "agent", "n": 2}, 400),
        ({"model": "agent", "logprobs": True}, 400),
        ({"model": "gemini/gemini-3.8-flash", "n": 2}, 400),
        ({"model": "openai/gpt-6-luna", "logprobs": True}, 400),
        ({"max_tokens": 0}, 400),
        ({"temperature": 3}, 400),
    ],
)
async def test_what_cannot_be_asked_is_refused(shop: Customer, change: dict[str, Any], status: int) -> None:
    body = {"model": "gpt-4o-mini", "messages": ASK, **change}
    reply = await shop.http.post("/v1/chat/completions", json=body)
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"


async def test_a_budget_that_is_gone_stops_a_call_and_the_client_does_not_ask_again(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double
) -> None:
    body = {"day": "0.000001", "on_hard": "stop"}
    reply = await shop.http.put("/v1/budgets", json=body)
    assert reply.status_code == 200, reply.text
    before = len(upstream.calls)
    with pytest.raises(openai.RateLimitError) as caught:
        await client.chat.completions.create(model="gpt-4o-mini", messages=ASK)
    assert caught.value.code == "insufficient_quota"
    assert len(upstream.calls) == before
    reply = await shop.http.get("/v1/budgets")
    assert Decimal(reply.json()["day"]["reserved"]) == 0


async def test_a_model_that_nobody_has_is_told_in_the_clients_own_code(client: openai.AsyncOpenAI) -> None:
    for model in ("no-such-model", "nowhere/m"):
        with pytest.raises(openai.NotFoundError) as refused:
            await client.chat.completions.create(model=model, messages=ASK)
        assert refused.value.code == "model_not_found", model
