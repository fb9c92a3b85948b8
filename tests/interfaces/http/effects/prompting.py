"""What stands in the prompt."""

from __future__ import annotations

from typing import Any

from tests.interfaces.http.effects.world import Proof, World


def stands_in_the_prompt(field: str, value: Any, shown: str) -> Proof:
    async def proof(world: World) -> None:
        assert shown not in await world.system()
        assert shown in await world.system(**{field: value})

    return proof


AGENT: dict[str, Proof] = {
    "name": stands_in_the_prompt("name", "Nora", "You are Nora,"),
    "personality": stands_in_the_prompt("personality", ["jolly"], "Be jolly."),
    "tone": stands_in_the_prompt("tone", "breezy", "breezy"),
    "restrictions": stands_in_the_prompt("restrictions", ["no dates"], "- no dates"),
    "disclaimers": stands_in_the_prompt("disclaimers", ["no advice"], "- no advice"),
    "can_do": stands_in_the_prompt("can_do", ["sing"], "- sing"),
    "cannot_do": stands_in_the_prompt("cannot_do", ["dance"], "- dance"),
}
