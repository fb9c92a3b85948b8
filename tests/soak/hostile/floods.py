"""Floods: bursts of messages, completions and searches, and a budget that odd names of models are to pass."""

from __future__ import annotations

import asyncio

from tests.soak.hostile.client import Client

BURST = 30
MODEL = "local/extractive"


async def with_floods(client: Client) -> None:
    key, sort = (
        client.villain(),
        client.chance.choice(("messages", "completions", "searches", "one customer")),
    )

    async def one(number: int) -> None:
        text = client.chance.choice(("When are you open?", "?" * 4000, "word " * 500, "\u202e" * 100))
        if sort == "searches":
            await client.ask("POST", "/v1/search", key, json={"query": text[:1000], "limit": 50})
        elif sort == "completions":
            body = {"model": "agent", "messages": [{"role": "user", "content": text}]}
            await client.ask("POST", "/v1/chat/completions", key, json=body)
        else:
            address = "one" if sort == "one customer" else f"flood {client.chance.randrange(500)}"
            customer = {"channel": "http", "address": address}
            body = {"customer": customer, "text": text, "wait": client.chance.choice((0, 0, 0, 2))}
            await client.ask("POST", "/v1/messages", key, json=body)

    await asyncio.gather(*(one(number) for number in range(client.chance.randrange(1, BURST))))
    await client.pause(2)


async def with_odd_names(client: Client) -> None:
    """A tenant with a limit asks for its model by names that look like another's."""
    odd = (MODEL, MODEL.upper(), f" {MODEL}", f"{MODEL} ", f"{MODEL}\u200b", f"{MODEL}@1", f"ft:{MODEL}:x")
    name = client.chance.choice(
        (*odd, "agent", "GPT-4o", "openai/gpt-4o ", "ft:gpt-4.1:me::1", "LOCAL/extractive")
    )
    messages = [{"role": "user", "content": "word " * client.chance.randrange(1, 2000)}]
    await client.ask(
        "POST",
        "/v1/chat/completions",
        client.world.bounded,
        json={"model": name, "messages": messages},
        allowed=(200, 400, 402, 404, 422, 429),
    )
    await client.pause()
