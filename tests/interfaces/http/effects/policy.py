"""Which model a question goes to."""

from __future__ import annotations

from typing import Any

from interfaces.http import EXAMPLES
from tests.interfaces.http.effects.world import LARGE, Proof, World


def explained(field: str, value: Any, **question: Any) -> Proof:
    """The policy's field changes a decision."""

    async def proof(world: World) -> None:
        decisions = []
        policy = {name: EXAMPLES["put", "/v1/routing"][name] for name in ("tiers",)}
        for given in (policy, {**policy, field: value}):
            made = await world.customer.http.put("/v1/routing", json=given)
            assert made.status_code == 200, made.text
            told = await world.customer.http.post("/v1/routing/explain", json={"text": "Open?"} | question)
            route = told.json()["route"]
            decisions.append((route["models"], route["routing"]["tier"], route["routing"]["reason"]))
        await world.customer.http.post("/v1/routing/restore", json={"version": 1})
        assert decisions[0] != decisions[1]

    return proof


HARD = "Compare the three plans, analyse what each costs over 24 months, and calculate the cheapest for 40 users, please."


def tiers_with(tier: str) -> dict[str, Any]:
    tiers = EXAMPLES["put", "/v1/routing"]["tiers"]
    return {**tiers, tier: {"provider": "openai", "model": "gpt-4o", "reason": "another"}}


ROUTING: dict[str, Proof] = {
    "tiers.simple_queries": explained("tiers", tiers_with("simple_queries")),
    "tiers.default": explained(
        "tiers", tiers_with("default"), text="Why is that, and what is the difference?"
    ),
    "tiers.complex_reasoning": explained("tiers", tiers_with("complex_reasoning"), text=HARD, turns=30),
    "tiers.large_context": explained("tiers", tiers_with("large_context"), context_tokens=200_000),
    "thresholds.simple_below": explained("thresholds", {"simple_below": 0}),
    "thresholds.complex_above": explained(
        "thresholds", {"simple_below": 0, "complex_above": 0}, text="Why is that?"
    ),
    "thresholds.large_context_above": explained(
        "thresholds", {"large_context_above": 1000}, context_tokens=2000
    ),
    "failover": explained("failover", [LARGE]),
}
