"""Prompts as large as the largest context window."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import openai
import pytest

import interfaces.asgi
from interfaces.asgi import create_app
from interfaces.bootstrap import Services
from interfaces.http.base.limits.intake import Bounded, Intake
from interfaces.http.chat.chat import LARGEST_BODY
from tests.doubles.openai import Double
from tests.interfaces.http.chat.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer, customer_of
from tests.until import PATIENCE

WORDS = "a word and another one, "
LONG = WORDS * 25_000
"""600,000 characters, some 150,000 tokens."""


def test_the_largest_window_of_the_catalogue_fits(parts: Services) -> None:
    windows = [model.context_window for model in parts.catalogue.models() if model.kind == "chat"]
    assert 8 * max(windows) <= LARGEST_BODY


async def test_a_large_context_is_answered_by_the_model_for_it(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    tier = {"provider": "openai", "model": "gpt-4o-mini", "reason": "plain"}
    large = {"provider": "openai", "model": "gpt-6-luna", "reason": "a window of a million tokens"}
    tiers = {"simple_queries": tier, "default": tier, "complex_reasoning": tier, "large_context": large}
    reply = await shop.http.put("/v1/routing", json={"tiers": tiers})
    assert reply.status_code == 200, reply.text
    messages: Any = [{"role": "user", "content": LONG}, *ASK]
    given = await client.chat.completions.create(model="auto", messages=messages)
    assert given.choices[0].message.content == "Yes."
    assert upstream.requests[-1]["model"] == "gpt-6-luna"
    assert upstream.requests[-1]["messages"] == messages
    ((requested, metered, _),) = await calls(parts, shop)
    assert metered.routing.by == "large_context"
    assert requested.messages[0].text == LONG


async def test_the_agent_is_asked_about_a_long_text(client: openai.AsyncOpenAI, shop: Customer) -> None:
    """As the local model reads it: what is pasted in is not what is asked."""
    for content in (f"{ASK[0]['content']} {LONG}", f"{LONG} {ASK[0]['content']}"):
        given = await client.chat.completions.create(
            model="agent", messages=[{"role": "user", "content": content}]
        )
        assert given.model == "local/extractive"


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
async def test_what_is_larger_is_told_how_large_it_may_be(
    client: openai.AsyncOpenAI, headers: dict[str, str]
) -> None:
    messages: Any = [{"role": "user", "content": "x" * LARGEST_BODY}]
    with pytest.raises(openai.APIStatusError) as caught:
        await client.chat.completions.create(model="auto", messages=messages, extra_headers=headers)
    assert caught.value.status_code == 413
    assert f"at most {LARGEST_BODY} bytes" in str(caught.value)


async def test_prompts_of_calls_under_way_hold_their_room_until_their_end(
    shop: Customer, parts: Services, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are in memory for as long; whoever has none gets in beside them."""
    monkeypatch.setattr(interfaces.asgi, "Bounded", lambda: Bounded(Intake(tenants=1_500_000, all=4_000_000)))
    upstream.script = lambda body: "slow" if "wait" in body["messages"][0]["content"] else "ok"
    app, text = create_app(parts), WORDS * 25_000
    other = await customer_of(app, parts, "Other")
    headers = shop.http.headers
    async with (
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://retrace", headers=headers, timeout=60
        ) as http,
        other.http,
    ):

        def ask(customer: httpx.AsyncClient, begin: str) -> asyncio.Task[httpx.Response]:
            messages = [{"role": "user", "content": begin + text}]
            body = {"model": "openai/gpt-6-luna", "messages": messages, "max_tokens": 50}
            return asyncio.create_task(customer.post("/v1/chat/completions", json=body))

        under_way = [ask(http, f"wait {number} ") for number in range(2)]
        before = len(upstream.calls)
        async with asyncio.timeout(PATIENCE):
            while len(upstream.calls) < before + 2:
                await asyncio.sleep(0.02)
            refused = await ask(http, "one more ")
            assert refused.status_code == 429, refused.text
            assert "prompts of calls under way" in refused.json()["error"]["message"]
            assert (await ask(other.http, "somebody else's ")).status_code == 200
            for each in under_way:
                each.cancel()
            await asyncio.wait(under_way)
            while (again := await ask(http, "again ")).status_code == 429:
                await asyncio.sleep(0.05)
            assert again.status_code == 200
