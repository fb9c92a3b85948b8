"""Streams that are opened and left, and followers beyond any bound."""

from __future__ import annotations

import asyncio

from tests.soak.hostile.client import Client

FOLLOWERS = 40
"""At once, of one client."""
STREAM = [("Accept", "text/event-stream")]


async def with_streams(client: Client) -> None:
    key, pieces = client.villain(), client.chance.randrange(1, 6)
    if client.chance.random() < 0.5:
        customer = {"channel": "http", "address": f"streamed {client.chance.randrange(50)}"}
        body = {"customer": customer, "text": "Tell me all.", "wait": client.chance.choice((0, 5))}
        await client.ask("POST", "/v1/messages", key, headers=STREAM, json=body, pieces=pieces)
    else:
        body = {"model": "agent", "messages": [{"role": "user", "content": "Tell me all."}], "stream": True}
        await client.ask("POST", "/v1/chat/completions", key, json=body, pieces=pieces)
    await client.pause()


async def with_followers(client: Client) -> None:
    """Many at once, each held for a moment; what is beyond the bound has to be told so, at once."""
    key, held = client.villain(), client.chance.uniform(1, 5)

    async def follow(after: int) -> None:
        path = f"/v1/audit/events/stream?after={after}"
        try:
            async with asyncio.timeout(held):
                await client.ask("GET", path, key)
        except TimeoutError:
            client.received.nothing()

    await asyncio.gather(*(follow(client.chance.choice((0, 1, 5))) for _ in range(FOLLOWERS)))
    await client.pause(2)
