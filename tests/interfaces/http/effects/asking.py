"""Which model is asked, and how."""

from __future__ import annotations

from tests.interfaces.http.effects.world import LARGE, Proof, World


async def default_model(world: World) -> None:
    assert (await world.request(default_model=LARGE))["model"] == "gpt-4o"
    assert (await world.request())["model"] == "gpt-4o-mini"


async def fallback_models(world: World) -> None:
    world.upstream.script = lambda body: "ok" if body["model"] == "gpt-4o" else "503"
    assert (await world.request(fallback_models=[LARGE]))["model"] == "gpt-4o"


async def temperature(world: World) -> None:
    assert (await world.request(temperature=0.25))["temperature"] == 0.25


async def max_answer_tokens(world: World) -> None:
    assert 77 not in (await world.request()).values()
    assert 77 in (await world.request(max_answer_tokens=77)).values()


AGENT: dict[str, Proof] = {
    "default_model": default_model,
    "fallback_models": fallback_models,
    "temperature": temperature,
    "max_answer_tokens": max_answer_tokens,
}
