"""When to look whether a tenant's log has something new."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar
from uuid import UUID

from application.base.in_work import waits_long
from interfaces.bootstrap import Services

T = TypeVar("T")


async def moments_of(services: Services, tenant: UUID, poll: float = 1.0) -> AsyncGenerator[None, None]:
    """At once, at each hint of this tenant, and every `poll` seconds."""
    yield
    looked = time.monotonic()
    async with aclosing(services.hints.listen(poll)) as hints:
        async for tenants in hints:
            now = time.monotonic()
            if not tenants or tenant in tenants or now - looked > poll:
                looked = now
                yield


async def settled_within(
    services: Services, tenant: UUID, wait: float, look: Callable[[], Awaitable[tuple[T, bool]]]
) -> T:
    """What `look` finds once it says that this is settled, or when `wait` seconds are over."""
    until = time.monotonic() + wait
    if wait:
        waits_long()
    async with aclosing(moments_of(services, tenant)) as moments:
        await anext(moments)
        while True:
            found, settled = await look()
            left = until - time.monotonic()
            if settled or left <= 0 or services.stopping.is_set():
                return found
            try:
                async with asyncio.timeout(left):
                    await anext(moments)
            except TimeoutError:
                until = 0.0  # one last look
