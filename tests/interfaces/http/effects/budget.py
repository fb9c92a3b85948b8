"""Limits of what a tenant's calls may cost."""

from __future__ import annotations

import asyncio

from tests.interfaces.http.effects.world import Proof, World
from tests.until import PATIENCE


async def day(world: World) -> None:
    await world.configure(out_of_budget="Not today.")
    await world.customer.http.put("/v1/budgets", json={"day": "0"})
    assert await world.said() == "Not today."


async def month(world: World) -> None:
    await world.configure(out_of_budget="Not this month.")
    await world.customer.http.put("/v1/budgets", json={"month": "0"})
    assert await world.said() == "Not this month."


async def on_hard(world: World) -> None:
    await world.configure(default_model="local/extractive", out_of_budget="No.")
    await world.customer.http.put("/v1/budgets", json={"day": "0", "on_hard": "degrade"})
    assert await world.said() != "No."


async def soft(world: World) -> None:
    """No alert, or one at the least part of what is spent."""
    await world.configure()
    await world.customer.http.put("/v1/budgets", json={"day": "1", "soft": []})
    await world.ask()
    assert (await world.customer.http.get("/v1/budgets")).json()["day"]["alerts"] == []
    await world.customer.http.put("/v1/budgets", json={"day": "1", "soft": [0.000001]})
    await world.ask()
    async with asyncio.timeout(PATIENCE):
        while (await world.customer.http.get("/v1/budgets")).json()["day"]["alerts"] != [0.000001]:
            await asyncio.sleep(0.05)


async def ceiling(world: World) -> None:
    await world.configure()
    body = {"model": "openai/without-a-price", "messages": [{"role": "user", "content": "Hello?"}]}
    for stated, status in ((None, 422), ({"input": "1", "output": "1"}, 200)):
        await world.customer.http.put("/v1/budgets", json={"day": "5", "ceiling": stated})
        reply = await world.customer.http.post("/v1/chat/completions", json=body)
        assert reply.status_code == status, reply.text
    await world.customer.http.delete("/v1/budgets")


BUDGET: dict[str, Proof] = {
    "day": day,
    "month": month,
    "soft": soft,
    "on_hard": on_hard,
    "ceiling": ceiling,
}
