"""What a client gets again, when it gets nothing again, and who answers when it asks for a model."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import openai
import pytest

from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.interfaces.http.chat.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE

MODEL = "openai/gpt-4o-mini"


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_out_of_the_cache_tells_its_usage_and_that_it_cost_nothing(
    client: openai.AsyncOpenAI, upstream: Double, stream: bool
) -> None:
    before = len(upstream.calls)
    told: list[Any] = []
    for _ in range(2):
        if not stream:
            told.append(await client.chat.completions.create(model=MODEL, messages=ASK))
            continue
        async for chunk in await client.chat.completions.create(
            model=MODEL, messages=ASK, stream=True, stream_options={"include_usage": True}
        ):
            last = chunk
        told.append(last)
    assert len(upstream.calls) == before + 1
    first, again = told
    assert first.usage == again.usage
    assert (again.usage.prompt_tokens, again.usage.completion_tokens) == (120, 30)
    facts = again.model_extra["retrace"]
    assert (facts["cached"], facts["cost"]) == (True, "0")


@pytest.mark.parametrize(
    ("more", "made"),
    [
        ({"temperature": 0.7}, 2),
        ({"temperature": 0}, 1),
        ({"extra_headers": {"Cache-Control": "no-cache"}}, 2),
        ({"extra_headers": {"Cache-Control": "max-age=0, No-Store"}}, 2),
        ({"extra_headers": {"Cache-Control": "max-age=60"}}, 1),
    ],
)
async def test_what_is_asked_for_anew_is_made_anew(
    client: openai.AsyncOpenAI, upstream: Double, more: dict[str, Any], made: int
) -> None:
    before = len(upstream.calls)
    for _ in range(2):
        await client.chat.completions.create(model=MODEL, messages=ASK, **more)
    assert len(upstream.calls) == before + made


async def test_the_agents_own_temperature_holds_for_its_calls_and_asks_for_nothing_anew(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double
) -> None:
    body = {"default_model": MODEL, "temperature": 0.4}
    assert (await shop.http.put("/v1/agent/configuration", json=body)).status_code == 200
    assert (await shop.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
    before = len(upstream.calls)
    for _ in range(2):
        await client.chat.completions.create(model="agent", messages=ASK)
    assert len(upstream.calls) == before + 1
    assert upstream.requests[-1]["temperature"] == 0.4
    await client.chat.completions.create(model="agent", messages=ASK, temperature=0.9)
    assert upstream.requests[-1]["temperature"] == 0.9


async def test_auto_is_answered_by_a_model_wherever_the_tenant_has_one(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    """Whatever the tenant's routing says of the agent: documents are not what `auto` asks."""
    local = {"provider": "local", "model": "extractive", "reason": "plain"}
    model = {"provider": "openai", "model": "gpt-4o-mini", "reason": "demanding"}
    tiers = {"simple_queries": local, "default": local, "complex_reasoning": model, "large_context": model}
    assert (await shop.http.put("/v1/routing", json={"tiers": tiers})).status_code == 200
    given = await client.chat.completions.create(model="auto", messages=ASK)
    assert given.choices[0].message.content == "Yes."
    assert (await client.chat.completions.create(model="agent", messages=ASK)).model == "local/extractive"
    put = await shop.http.put("/v1/budgets", json={"day": "0.000001", "on_hard": "degrade"})
    assert put.status_code == 200, put.text
    with pytest.raises(openai.RateLimitError):
        await client.chat.completions.create(model="auto", messages=[{**ASK[0], "content": "And then?"}])
    first = (await calls(parts, shop))[0][1]
    assert first.routing.model == MODEL
    assert "for the agent alone" in first.routing.reason


async def test_auto_goes_to_a_fallback_before_it_goes_to_the_documents(
    client: openai.AsyncOpenAI, shop: Customer
) -> None:
    body = {"default_model": "local/extractive", "fallback_models": [MODEL]}
    assert (await shop.http.put("/v1/agent/configuration", json=body)).status_code == 200
    assert (await shop.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
    given = await client.chat.completions.create(model="auto", messages=ASK)
    assert given.choices[0].message.content == "Yes."


@pytest.mark.parametrize("body", [{}, {"stream": True}])
async def test_a_client_that_goes_away_is_no_error_and_ends_the_call(
    address: str,
    shop: Customer,
    parts: Services,
    upstream: Double,
    caplog: pytest.LogCaptureFixture,
    body: dict[str, Any],
) -> None:
    """Before any piece of its answer has come."""
    caplog.set_level(logging.INFO)
    upstream.script = lambda sent: "slow"
    before = len(upstream.calls)
    async with httpx.AsyncClient(base_url=address, headers=dict(shop.http.headers)) as http:
        asking = asyncio.create_task(
            http.post("/v1/chat/completions", json={"model": MODEL, "messages": ASK, **body})
        )
        async with asyncio.timeout(PATIENCE):
            while len(upstream.calls) == before:
                await asyncio.sleep(0.02)
            asking.cancel()
            await upstream.calls[-1].gone.wait()
            while not (made := await calls(parts, shop)):
                await asyncio.sleep(0.02)
            while "request" not in caplog.messages:
                await asyncio.sleep(0.02)
    ((_, metered, ended),) = made
    assert ended.reason == "the caller went away"
    assert [attempt.outcome for attempt in metered.attempts] == ["cancelled"]
    facts = [vars(record)["facts"] for record in caplog.records if record.message == "request"]
    assert [each["status"] for each in facts if each["route"] == "/v1/chat/completions"] == [499]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    metrics = await shop.http.get("/metrics")
    assert 'status="0"' not in metrics.text
