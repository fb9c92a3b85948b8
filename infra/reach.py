"""Whether Redis answers, as far as this process knows: an outage is to cost one short wait, not one a call."""

from __future__ import annotations

import asyncio
import logging

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from application.finishing import ended

log = logging.getLogger("retrace.redis")

EVERY = 1.0
"""Seconds between two looks whether it is back."""

AWAY = (RedisError, OSError)
"""What a call raises when it is not there, or does not do what it is asked for."""


CONNECTIONS, PATIENCE = 16, 0.25
"""Connections of a process, and seconds for one of them or for an answer."""


def quick_redis(url: str) -> Redis:
    """For what must not hold up a call: whoever asks goes on without an answer, soon."""
    limits = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "retry": Retry(NoBackoff(), 0)}
    pool = BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, timeout=2 * PATIENCE, **limits)
    return Redis.from_pool(pool)


class Reach:
    """One for all that use `redis`; None: there is no Redis. Whoever meets an error says so; then it is left alone until it is back."""

    def __init__(self, redis: Redis | None, *, every: float = EVERY) -> None:
        self._redis, self._every = redis, every
        self._looking: asyncio.Task[None] | None = None

    @property
    def redis(self) -> Redis | None:
        """To be asked now; None while it does not answer."""
        return self._redis if self._looking is None else None

    def gone(self, error: BaseException) -> None:
        """It did not answer."""
        if self._looking is None:
            log.warning(
                "Redis does not answer (%s): nothing is cached, and this process judges providers alone",
                type(error).__name__,
            )
            self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        if self._looking is not None:
            await ended(self._looking)

    async def _look(self) -> None:
        assert self._redis is not None
        while True:
            await asyncio.sleep(self._every)
            try:
                await self._redis.ping()
            except AWAY:
                continue
            self._looking = None
            log.warning("Redis answers again")
            return
