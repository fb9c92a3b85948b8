"""Models without a price under a hard limit, and models whose names are written in another way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.interfaces.http.chat.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer

UNPRICED = "openai/nobody-knows-it"
CEILING = {"input": "30", "output": "200"}


async def ask(shop: Customer, model: str) -> Any:
    body = {"model": model, "messages": ASK, "max_tokens": 50}
    return await shop.http.post("/v1/chat/completions", json=body)


async def limit(shop: Customer, **limits: Any) -> None:
    reply = await shop.http.put("/v1/budgets", json=limits)
    assert reply.status_code == 200, reply.text


async def test_a_model_without_a_price_is_not_asked_under_a_limit_and_the_error_says_what_to_do(
    shop: Customer, upstream: Double, parts: Services
) -> None:
    await limit(shop, day="5")
    before = len(upstream.calls)
    reply = await ask(shop, UNPRICED)
    assert reply.status_code == 422, reply.text
    assert "PUT /v1/prices" in reply.json()["detail"]
    assert "ceiling" in reply.json()["detail"]
    assert len(upstream.calls) == before
    (call,) = await calls(parts, shop)
    assert [each.cause for each in call[1].routing.passed_over] == ["unpriced"]
    priced = await shop.http.put("/v1/prices", json={"model": UNPRICED, "input": "1", "output": "2"})
    assert priced.status_code == 200, priced.text
    assert (await ask(shop, UNPRICED)).status_code == 200


async def test_without_a_limit_it_is_asked_and_has_no_price_on_record(
    shop: Customer, parts: Services
) -> None:
    assert (await ask(shop, UNPRICED)).status_code == 200
    ((_, metered, _),) = await calls(parts, shop)
    assert (metered.cost, metered.attempts[0].price) == (0, None)


async def test_a_cost_below_a_millionth_is_told_in_digits(shop: Customer) -> None:
    tiny = {"model": UNPRICED, "input": "0.000001", "output": "0.000001"}
    assert (await shop.http.put("/v1/prices", json=tiny)).status_code == 200
    cost = (await ask(shop, UNPRICED)).json()["retrace"]["cost"]
    assert cost.startswith("0.0000")
    assert "E" not in cost
    events = (await shop.http.get("/v1/audit/events?kind=call.metered")).json()["items"]
    assert events[0]["data"]["cost"] == cost
    spent = (await shop.http.get("/v1/audit/export?kind=call.metered")).text
    assert f'"cost":"{cost}"' in spent


async def test_under_a_ceiling_it_is_charged_by_it_and_the_attempt_says_so(
    shop: Customer, parts: Services
) -> None:
    await limit(shop, day="5", ceiling=CEILING)
    reply = await ask(shop, UNPRICED)
    assert reply.status_code == 200, reply.text
    ((_, metered, _),) = await calls(parts, shop)
    (attempt,) = metered.attempts
    assert attempt.price == "ceiling:30/200"
    assert attempt.cost == Decimal(120 * 30 + 30 * 200) / 10**6
    budget = (await shop.http.get("/v1/budgets")).json()
    assert budget["limits"]["ceiling"] == CEILING
    assert Decimal(budget["day"]["spent"]) == attempt.cost


async def test_a_ceiling_is_held_in_the_budget_before_the_call(shop: Customer, upstream: Double) -> None:
    await limit(shop, day="0.001", ceiling=CEILING)
    before = len(upstream.calls)
    reply = await ask(shop, UNPRICED)
    assert reply.json()["type"].endswith("budget-exhausted"), reply.text
    assert len(upstream.calls) == before


async def test_a_known_model_is_charged_by_its_price_under_a_ceiling_too(
    shop: Customer, parts: Services
) -> None:
    await limit(shop, day="5", ceiling=CEILING)
    assert (await ask(shop, "openai/gpt-4o-mini")).status_code == 200
    ((_, metered, _),) = await calls(parts, shop)
    assert metered.attempts[0].price == "openai/gpt-4o-mini@2024-07-18"


@pytest.mark.parametrize(
    "ceiling", [{"input": "-1", "output": "2"}, {"input": "1"}, {"input": "NaN", "output": "1"}, 5]
)
async def test_a_ceiling_that_is_none_is_invalid(shop: Customer, ceiling: Any) -> None:
    reply = await shop.http.put("/v1/budgets", json={"day": "5", "ceiling": ceiling})
    assert reply.status_code == 400, reply.text


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("GPT-4o-mini", "gpt-4o-mini"),
        (" gpt-4o-mini ", "gpt-4o-mini"),
        ("OpenAI/GPT-4o-Mini", "gpt-4o-mini"),
        ("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18"),
        ("openai/GPT-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18"),
    ],
)
async def test_a_model_is_found_and_priced_in_whatever_case_it_is_written(
    shop: Customer, parts: Services, upstream: Double, name: str, sent: str
) -> None:
    await limit(shop, day="5")
    reply = await ask(shop, name)
    assert reply.status_code == 200, reply.text
    assert upstream.requests[-1]["model"] == sent
    ((requested, metered, _),) = await calls(parts, shop)
    assert requested.model == name
    assert metered.cost == Decimal("0.0000345")


async def test_a_model_of_another_endpoint_and_a_retired_one_are_refused_by_name(shop: Customer) -> None:
    model = {"id": "openai/draws", "kind": "image", "context_window": 1000, "abilities": []}
    assert (await shop.http.put("/v1/models", json=model)).status_code == 200
    reply = await ask(shop, "openai/draws")
    assert (reply.status_code, "image endpoints" in reply.json()["detail"]) == (422, True)
    assert (await ask(shop, "draws")).status_code == 404
    reply = await ask(shop, "OPENAI/o1-pro")
    assert (reply.status_code, "openai/gpt-5.6-sol" in reply.json()["detail"]) == (422, True)
