"""Prompts as large as the largest context window."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from interfaces.bootstrap import Services
from interfaces.http.chat import LARGEST_BODY
from tests.doubles.openai import Double
from tests.interfaces.http.completions.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer

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
