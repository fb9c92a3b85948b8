"""What a message is understood as."""

from __future__ import annotations

import json
from typing import Any

from tests.interfaces.http.effects.world import LARGE, Proof, World


async def understanding_model(world: World) -> None:
    await world.configure()
    before = len(world.upstream.requests)
    await world.ask()
    usual = len(world.upstream.requests) - before
    await world.configure(understanding_model=LARGE)
    await world.ask()
    assert "gpt-4o" in [body["model"] for body in world.upstream.requests[before + usual :]]


async def told_in(world: World, field: str, value: Any, text: str) -> Any:
    await world.configure(**{field: value})
    return (await world.ask(text))["understanding"]


async def business_names(world: World) -> None:
    await world.configure()
    without = (await world.ask("How much is the Alta Treker?"))["understanding"]
    with_name = await told_in(world, "business_names", ["Alta Trekker"], "How much is the Alta Treker?")
    assert "Alta Trekker" in json.dumps(with_name)
    assert "Alta Trekker" not in json.dumps(without)


async def business_aliases(world: World) -> None:
    names = {"business_names": ["Alta Trekker"], "business_aliases": {"the red one": "Alta Trekker"}}
    await world.configure(**names)
    shown = (await world.ask("How much is the red one?"))["understanding"]
    assert "Alta Trekker" in json.dumps(shown)


async def business_topics(world: World) -> None:
    text = "Can you write me a poem about the moon?"
    await world.configure()
    outside = (await world.ask(text))["understanding"]["outside"]
    inside = (await told_in(world, "business_topics", ["poem"], text))["outside"]
    assert inside < outside


AGENT: dict[str, Proof] = {
    "understanding_model": understanding_model,
    "business_names": business_names,
    "business_topics": business_topics,
    "business_aliases": business_aliases,
}
