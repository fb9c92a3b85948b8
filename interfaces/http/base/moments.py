"""When to look whether a tenant's log has something new."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

from interfaces.bootstrap import Services


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
