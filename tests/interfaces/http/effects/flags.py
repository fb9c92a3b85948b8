"""Features that are switched on and off."""

from __future__ import annotations

from domain.gateway.policy import Tiers
from tests.interfaces.http.effects.world import Proof, World


async def full_agent(world: World) -> None:
    await world.configure()
    await world.customer.http.put("/v1/flags/full_agent", json={"on": False})
    await world.ask()
    await world.customer.http.put("/v1/flags/full_agent", json={"on": True})
    assert "Shelf" not in world.upstream.requests[-1]["messages"][0]["content"]


async def routing(world: World) -> None:
    await world.configure()
    target = {"provider": "openai", "model": "gpt-4o", "reason": "all"}
    tiers = dict.fromkeys(Tiers.__struct_fields__, target)
    assert (await world.customer.http.put("/v1/routing", json={"tiers": tiers})).status_code == 200
    await world.ask()
    assert world.upstream.requests[-1]["model"] == "gpt-4o"
    await world.customer.http.put("/v1/flags/routing", json={"on": False})
    await world.ask()
    assert world.upstream.requests[-1]["model"] == "gpt-4o-mini"
    await world.customer.http.put("/v1/flags/routing", json={"on": True})
    assert (await world.customer.http.post("/v1/routing/restore", json={"version": 1})).status_code == 200


async def response_cache(world: World) -> None:
    if world.parts.redis.configured:
        await world.configure()
        await world.customer.http.put("/v1/flags/response_cache", json={"on": True})
        before = len(world.upstream.calls)
        for _ in range(2):
            await world.ask("Is it cached?")
        await world.customer.http.put("/v1/flags/response_cache", json={"on": False})
        await world.ask("Is it cached?")
        assert len(world.upstream.calls) == before + 2


FLAGS: dict[str, Proof] = {"full_agent": full_agent, "routing": routing, "response_cache": response_cache}
