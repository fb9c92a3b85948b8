"""What a model is told of how much it may say: what the caller asked for, and nothing that nobody did."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.models.completion import THINKING
from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.interfaces.http.chat.conftest import calls
from tests.interfaces.http.conftest import Customer

LIMITS = ("max_tokens", "max_completion_tokens")


async def told(shop: Customer, upstream: Double, **body: Any) -> dict[str, Any]:
    """The limits that came to the provider."""
    messages = [{"role": "user", "content": f"Open? {sorted(body.items())}"}]
    reply = await shop.http.post("/v1/chat/completions", json={"messages": messages, **body})
    assert reply.status_code == 200, reply.text
    return {name: upstream.requests[-1][name] for name in LIMITS if name in upstream.requests[-1]}


@pytest.mark.parametrize("stream", [False, True])
async def test_without_a_limit_none_is_sent(
    shop: Customer, parts: Services, upstream: Double, stream: bool
) -> None:
    given = {"default_model": "openai/gpt-4o-mini"}
    assert (await shop.http.put("/v1/agent/configuration", json=given)).status_code == 200
    for model in ("gpt-4o-mini", "gpt-6-luna", "auto"):
        assert await told(shop, upstream, model=model, stream=stream) == {}
    assert [call[0].max_tokens for call in await calls(parts, shop)] == [None, None, None]


@pytest.mark.parametrize("name", LIMITS)
async def test_a_callers_limit_is_passed_on_by_the_name_that_the_model_knows(
    shop: Customer, parts: Services, upstream: Double, name: str
) -> None:
    assert await told(shop, upstream, model="gpt-4o-mini", **{name: 7}) == {"max_tokens": 7}
    assert await told(shop, upstream, model="gpt-6-luna", **{name: 7}) == {"max_completion_tokens": 7}
    assert [call[0].max_tokens for call in await calls(parts, shop)] == [7, 7]


async def test_the_agents_answers_have_a_length_which_leaves_room_for_thoughts(
    shop: Customer, upstream: Double
) -> None:
    for model, limit in (
        ("gpt-4o-mini", {"max_tokens": 123}),
        ("gpt-6-luna", {"max_completion_tokens": 123 + THINKING}),
    ):
        given = {"default_model": f"openai/{model}", "max_answer_tokens": 123}
        assert (await shop.http.put("/v1/agent/configuration", json=given)).status_code == 200
        assert (await shop.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
        assert await told(shop, upstream, model="agent") == limit
        (name,) = limit
        assert await told(shop, upstream, model="agent", max_tokens=7) == {name: 7}


async def test_a_small_budget_refuses_no_call_for_what_it_might_cost(
    shop: Customer, upstream: Double
) -> None:
    """16,384 tokens of gpt-4o would be 0.16."""
    assert (await shop.http.put("/v1/budgets", json={"day": "0.01", "on_hard": "stop"})).status_code == 200
    assert await told(shop, upstream, model="gpt-4o") == {}
    day = (await shop.http.get("/v1/budgets")).json()["day"]
    assert Decimal(day["spent"]) > 0
    assert not day["exhausted"]
