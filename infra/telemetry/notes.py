"""Notes in Redis of requests that came with a trace of their caller's: which it was, for the processes that go on with them.

Lost ones cost no more than that: what others do of such a request is a trace of its own then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from application.base.tasks import cancel_and_wait
from infra.redis.connection import RedisConnection, RedisUnavailable

log = logging.getLogger("retrace.telemetry")

KEPT = 3600
"""Seconds."""


class Notes:
    """By correlation, W3C `traceparent` each."""

    def __init__(self, redis: RedisConnection) -> None:
        self._redis = redis
        self._keeping: set[asyncio.Task[None]] = set()

    def keep(self, correlation: UUID, parent: str) -> None:
        """Soon; the request goes on meanwhile."""
        if self._redis.there:
            task = asyncio.create_task(self._keep(correlation, parent))
            self._keeping.add(task)
            task.add_done_callback(self._keeping.discard)

    async def find(self, correlations: Sequence[UUID]) -> dict[UUID, str]:
        """Those that there are."""
        if not correlations or not self._redis.there:
            return {}
        names = [_name(each) for each in correlations]
        try:
            found = await self._redis.command("MGET", *names)
        except RedisUnavailable:
            return {}
        return {
            correlation: value.decode("ascii") if isinstance(value, bytes) else value
            for correlation, value in zip(correlations, found, strict=True)
            if value is not None
        }

    async def close(self) -> None:
        await cancel_and_wait(*self._keeping)

    async def _keep(self, correlation: UUID, parent: str) -> None:
        try:
            await self._redis.command("SET", _name(correlation), parent, "EX", KEPT)
        except RedisUnavailable as error:
            log.debug("a caller's trace was not noted: %s", error)


def _name(correlation: UUID) -> str:
    return f"retrace:trace:{correlation.hex}"
