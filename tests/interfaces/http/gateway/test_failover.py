"""A model that is down is skipped once it is known to be, and comes back by a probe; customers notice nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from application.ports import Place
from infra.settings import Settings
from interfaces.bootstrap import Services, services
from tests.doubles.openai import Double, openai_double
from tests.interfaces.http.conftest import Customer, customer_of
from tests.interfaces.http.upstream import asking


@pytest_asyncio.fixture(scope="module")
async def upstream() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings, upstream: Double) -> AsyncIterator[Services]:
    async with services(asking(settings, upstream.url("scripted")), pool=6) as parts:
        yield parts


@pytest_asyncio.fixture
async def shop(app: Any, parts: Services) -> AsyncIterator[Customer]:
    customer = await customer_of(app, parts, "Shop")
    async with customer.http:
        body = {"default_model": "openai/gpt-4o-mini", "fallback_models": ["openai/gpt-4o"]}
        assert (await customer.http.put("/v1/agent/configuration", json=body)).status_code == 200
        assert (await customer.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
        yield customer


async def test_it_is_skipped_while_it_is_down_and_returns_by_a_probe(
    shop: Customer, parts: Services, upstream: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    await parts.health.reset(await parts.health.all())
    now = (
        time.time()
    )  # stands still but for what the test lets pass: half a second is short on a busy machine
    monkeypatch.setattr(parts.health, "_clock", lambda: now)
    down, asked = True, list[str]()

    def script(body: dict[str, Any]) -> str:
        asked.append(body["model"])
        return "503" if down and body["model"] == "gpt-4o-mini" else "ok"

    upstream.script = script

    async def ask(number: int) -> dict[str, Any]:
        reply = await shop.ask(f"Question {number}?", address=f"customer {number}")
        assert reply.status_code == 200, reply.text
        id = reply.json()["id"]
        position = {"Retrace-Position": reply.headers["Retrace-Position"]}
        why: dict[str, Any] = (await shop.http.get(f"/v1/interactions/{id}/why", headers=position)).json()
        return why

    async def state() -> str:
        places = await parts.health.all()
        return places[Place(provider="openai", model="gpt-4o-mini")].state(now)

    for number in range(5):
        why = await ask(number)
        assert [attempt["outcome"] for attempt in why["attempts"]] == ["unavailable", "ok"]
    assert await state() == "unhealthy"
    asked.clear()
    why = await ask(5)
    assert asked == ["gpt-4o"]
    (passed_over,) = why["routing"]["passed_over"]
    assert passed_over["model"] == "openai/gpt-4o-mini"
    assert passed_over["reason"].startswith("unhealthy for ")
    now += 0.6
    assert await state() == "probing"
    asked.clear()
    await asyncio.gather(*(ask(number) for number in range(6, 16)))
    assert asked.count("gpt-4o-mini") == 1  # the probe, which failed
    assert asked.count("gpt-4o") == 10
    down = False
    now += 1.1
    asked.clear()
    why = await ask(16)
    assert [attempt["model"] for attempt in why["attempts"]] == ["gpt-4o-mini"]
    assert await state() == "healthy"
    await ask(17)
    assert asked == ["gpt-4o-mini", "gpt-4o-mini"]
