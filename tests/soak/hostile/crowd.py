"""The hostile clients, in a process of their own: so many of each kind, each with its own seeded chance."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import uvloop

from tests.soak.hostile.client import Client, opened
from tests.soak.hostile.credentials import with_credentials, with_others_requests
from tests.soak.hostile.documents import with_documents
from tests.soak.hostile.floods import with_floods, with_odd_names
from tests.soak.hostile.foreign import with_foreign_ids
from tests.soak.hostile.malformed import with_nonsense
from tests.soak.hostile.received import Received, Verdict
from tests.soak.hostile.sockets import with_dripping_bodies, with_idle_connections
from tests.soak.hostile.streams import with_followers, with_streams
from tests.soak.hostile.world import World

KINDS: dict[Callable[[Client], Awaitable[None]], int] = {
    with_credentials: 3,
    with_others_requests: 2,
    with_foreign_ids: 4,
    with_documents: 4,
    with_streams: 3,
    with_followers: 2,
    with_floods: 2,
    with_odd_names: 1,
    with_nonsense: 4,
    with_idle_connections: 4,
    with_dripping_bodies: 3,
}
"""Clients of each kind."""


def attack(world: World, seed: int, seconds: float) -> Verdict:
    """For so many seconds; then all of it ends."""
    return uvloop.run(_attack(world, seed, seconds))


async def _attack(world: World, seed: int, seconds: float) -> Verdict:
    verdict = Verdict()
    async with asyncio.TaskGroup() as group:
        ends = asyncio.get_running_loop().time() + seconds
        for act, count in KINDS.items():
            received = Received(act.__name__, world.canaries, verdict)
            for number in range(count):
                chance = random.Random(f"{seed} {act.__name__} {number}")
                group.create_task(_go_on(act, world, received, chance, ends))
    return verdict


async def _go_on(
    act: Callable[[Client], Awaitable[None]],
    world: World,
    received: Received,
    chance: random.Random,
    ends: float,
) -> None:
    with_time = asyncio.timeout_at(ends)
    try:
        async with with_time, opened(world) as http:
            client = Client(world, received, chance, http)
            while True:
                await act(client)
    except TimeoutError:
        if not with_time.expired():
            raise
