"""How many streams there may be."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from tests.interfaces.setting_effects.deployment import Deployment, Proof
from tests.until import PATIENCE


async def streams_per_key(deployment: Deployment) -> None:
    async with AsyncExitStack() as stack:
        statuses = [await follower(deployment, stack) for _ in range(3)]
    assert statuses == [200, 200, 429]
    await all_gone(deployment)


async def streams_per_tenant(deployment: Deployment) -> None:
    body = {"name": "another", "scopes": ["audit:read"]}
    made = (await deployment.http.post("/v1/keys", json=body)).json()
    other = {"Authorization": f"Bearer {made['secret']}"}
    async with AsyncExitStack() as stack:
        statuses = [await follower(deployment, stack) for _ in range(2)]
        statuses += [await follower(deployment, stack, **other) for _ in range(2)]
    assert statuses == [200, 200, 200, 429]
    await all_gone(deployment)


async def all_gone(deployment: Deployment) -> None:
    """That a client has gone is noticed in a moment."""
    async with asyncio.timeout(PATIENCE):
        while "\nretrace_streams 0" not in (await deployment.http.get("/metrics")).text:
            await asyncio.sleep(0.05)


async def follower(deployment: Deployment, stack: AsyncExitStack, **headers: str) -> int:
    """The status of one that stays until the end."""
    address = "/v1/audit/events/stream"
    reply = await stack.enter_async_context(deployment.http.stream("GET", address, headers=headers))
    return reply.status_code


PROOFS: dict[str, Proof] = {
    "RETRACE_MAX_STREAMS_PER_KEY": streams_per_key,
    "RETRACE_MAX_STREAMS_PER_TENANT": streams_per_tenant,
}
