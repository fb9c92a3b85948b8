"""How much of a conversation is remembered."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.interfaces.http.effects.world import NUMBERS, Proof, World
from tests.until import until


async def session_minutes(world: World) -> None:
    await world.configure(session_minutes=0.005)
    address = f"customer {next(NUMBERS)}"
    await world.customer.ask("How long does a return of shoes take?", address=address)
    await asyncio.sleep(0.5)
    again = (await world.customer.ask("Hello again!", address=address)).json()
    await world.configure()
    usual = (await world.customer.ask("Hello once more!", address=address)).json()
    assert again["text"] != usual["text"]


async def context_tokens(world: World) -> None:
    long = "We would like to know more about tents and their shelves, please. " * 60
    cuts = []
    for most in (16_000, 1_000):
        await world.configure(context_tokens=most)
        address = f"customer {next(NUMBERS)}"
        await world.customer.ask(long, address=address)
        cuts.append((await world.customer.ask("And on shelf 3?", address=address)).json()["cut"])
    assert cuts[0] == []
    assert cuts[1] != []


async def summaries(world: World) -> None:
    """A long conversation is summed up beside its answers: by the model, or not."""
    asked = []
    for who in ("rules", "model"):
        await world.configure(summaries=who)
        address, before = f"customer {next(NUMBERS)}", len(world.upstream.requests)
        for number in range(14):
            await world.customer.ask(f"Which tents are on shelf {number}?", address=address)
        if who == "model":
            await until(lambda before=before: any(map(_sums_up, world.upstream.requests[before:])))  # type: ignore[misc]
        else:
            await asyncio.sleep(1)
        asked.append(any(map(_sums_up, world.upstream.requests[before:])))
    assert asked == [False, True]


def _sums_up(request: dict[str, Any]) -> bool:
    return str(request["messages"][-1]["content"]).startswith("<conversation ")


AGENT: dict[str, Proof] = {
    "session_minutes": session_minutes,
    "summaries": summaries,
    "context_tokens": context_tokens,
}
