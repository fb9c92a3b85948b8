"""One world for the proofs of a file, before a provider played at the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from infra.settings import Settings
from interfaces.bootstrap import Services, services
from tests.doubles.openai import Double, openai_double
from tests.interfaces.http.conftest import Customer, customer_of, settled
from tests.interfaces.http.effects.world import World
from tests.interfaces.http.upstream import asking

TEXT = "\n\n".join(f"Shelf {number} holds tents for {number} people." for number in range(1, 9))


@pytest_asyncio.fixture(scope="module", name="upstream")
async def _upstream() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings, upstream: Double) -> AsyncIterator[Services]:
    async with services(asking(settings, upstream.url("scripted")), pool=6) as parts:
        yield parts


@pytest_asyncio.fixture(scope="module", name="shop")
async def _shop(app: Any, parts: Services) -> AsyncIterator[Customer]:
    customer = await customer_of(app, parts, "Effects")
    async with customer.http:
        await customer.http.put("/v1/flags/response_cache", json={"on": False})
        made = await customer.http.post("/v1/documents", files={"file": ("shelves.txt", TEXT.encode())})
        assert (await settled(customer, f"/v1/documents/{made.json()['id']}"))["status"] == "completed"
        yield customer


@pytest_asyncio.fixture(name="world")
async def _world(shop: Customer, upstream: Double, parts: Services) -> AsyncIterator[World]:
    upstream.script = lambda body: "ok"
    await parts.health.reset(await parts.health.all())
    yield World(shop, upstream, parts)
    await shop.http.delete("/v1/budgets")
