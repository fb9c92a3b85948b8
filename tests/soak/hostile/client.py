"""A hostile client's HTTP: whatever comes back goes through `Received`, and a connection that breaks is no surprise."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import httpx

from tests.soak.hostile.received import Received
from tests.soak.hostile.world import World

LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=10)


class Client:
    """`chance` decides all that it does. `stop`: when it has to end."""

    def __init__(
        self, world: World, received: Received, chance: random.Random, http: httpx.AsyncClient
    ) -> None:
        self.world = world
        self.received = received
        self.chance = chance
        self._http = http

    def villain(self) -> str:
        return self.chance.choice(self.world.villains)

    async def ask(
        self,
        method: str,
        path: str,
        key: str | None = None,
        *,
        headers: Sequence[tuple[str, str]] = (),
        allowed: Sequence[int] = (),
        pieces: int | None = None,
        **request: Any,
    ) -> httpx.Response | None:
        """The response with its body, or with its first `pieces` pieces; None where there was none."""
        asked = f"{method} {path}"
        given = [("Accept-Encoding", "identity"), *headers]
        if key is not None:
            given.append(("Authorization", f"Bearer {key}"))
        sent = [(name.encode(), value.encode()) for name, value in given]
        try:
            async with self._http.stream(method, path, headers=sent, **request) as reply:
                lines = b"".join(name + b": " + value + b"\n" for name, value in reply.headers.raw)
                self.received.body(asked, lines)
                self.received.status(asked, reply.status_code, reply.headers, allowed=allowed)
                body, before = b"", b""
                async for piece in reply.aiter_bytes():
                    before = self.received.body(asked, piece, before)
                    body += piece[: 1_000_000 - len(body)]
                    if pieces is not None:
                        pieces -= 1
                        if pieces <= 0:
                            break
                reply._content = body
                return reply
        except (httpx.TransportError, TimeoutError):
            self.received.nothing()
            return None

    async def pause(self, most: float = 0.5) -> None:
        await asyncio.sleep(self.chance.uniform(0, most))


def opened(world: World) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=world.url, timeout=20, trust_env=False, limits=LIMITS, verify=False)
