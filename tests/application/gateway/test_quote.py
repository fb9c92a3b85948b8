"""What is held of the budget for a call with a limit, and for one without."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest_asyncio

from application.gateway.quote import LEAST, UNTOLD, quote
from domain.models.catalogue import Model
from domain.models.completion import THINKING, CompletionRequest, Turn
from domain.models.pricing import Price, ServiceTier
from tests.application.played import PlayedPorts, played
from tests.application.tills import Till, now
from tests.infra.log.parts import Log, log_on

PRICE = Price(
    provider="a", model="m", input=Decimal(1), output=Decimal(10), since=datetime(2026, 1, 1, tzinfo=UTC)
)
MODEL = Model(provider="a", name="m", context_window=200_000, max_output=64_000)
PROMPT = Decimal("0.000009")
"""Of one word, with what a chat's form adds to it."""


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


async def held(till: Till, model: Model | None = MODEL, price: Price = PRICE, **limits: Any) -> Decimal:
    """USD beyond the prompt's."""
    asked = CompletionRequest(model="m", prompt=(Turn(role="user", text="q"),), questions=("q",), **limits)
    ports = PlayedPorts(store=till.store, providers=played(), clock=now)
    return await quote(asked, price, model, till.context, ports) - PROMPT


def output(tokens: int) -> Decimal:
    return tokens * Decimal("0.00001")


async def test_with_a_limit_it_is_the_most_that_the_call_may_cost(log: Log) -> None:
    till = Till(log)
    await till.limit(day=Decimal("0.01"))
    assert await held(till, max_tokens=10_000) == output(10_000)
    assert await held(till, max_tokens=400, answer_tokens=400) == output(400)


async def test_a_dearer_service_tier_that_is_asked_for_is_held(log: Log) -> None:
    till = Till(log)
    await till.limit(day=100)
    tier = ServiceTier(name="priority", input=Decimal(1), output=Decimal(20))
    dearer = msgspec.structs.replace(PRICE, service_tiers=(tier,))
    for name, times in (("priority", 2), ("flex", 1)):
        asked = {"max_tokens": 100, "options": {"service_tier": name}}
        assert await held(till, price=dearer, **asked) == times * output(100)


async def test_without_one_it_is_the_largest_output_where_the_budget_has_plenty(log: Log) -> None:
    till = Till(log)
    assert await held(till) + PROMPT == 0, "without a budget nothing is held of it"
    await till.limit(day=100, month=50)
    assert await held(till) == output(64_000)
    assert await held(till, None) == output(UNTOLD)
    assert await held(till, max_tokens=400 + THINKING, answer_tokens=400) == output(400 + THINKING)


async def test_of_what_costs_nothing_nothing_is_held(log: Log) -> None:
    till = Till(log)
    await till.limit(day=1)
    free = msgspec.structs.replace(PRICE, input=Decimal(0), output=Decimal(0))
    assert await held(till, price=free) + PROMPT == 0


async def test_else_it_is_a_share_of_what_is_left_and_at_least_an_usual_answer(log: Log) -> None:
    till = Till(log)
    await till.limit(day=2, month=1)
    assert await held(till) == Decimal("0.1") - PROMPT
    await till.limit(day=Decimal("0.006"), month=1)
    assert await held(till) == output(LEAST)
    assert await held(till, max_tokens=300 + THINKING, answer_tokens=300) == output(300)
    await till.reserve(Decimal("0.006"))
    assert await held(till) == output(LEAST)
