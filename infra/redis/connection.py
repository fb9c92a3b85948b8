"""Redis, which holds nobody up: a short wait, and an outage costs one such wait, not one a call."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from application.base.tasks import cancel_and_wait
from application.ports import Fault
from infra.redis.faults import trouble_of
from infra.redis.pipelining import Pipelining

T = TypeVar("T")
log = logging.getLogger("retrace.redis")

EVERY = 1.0
"""Seconds between two looks whether it is back."""

CONNECTIONS, PATIENCE = 12, 0.25
"""Connections of a process for questions of several commands, and seconds for their answer, with the wait for a connection."""


class RedisUnavailable(Fault):
    """It does not answer now, or there is none: whoever asks goes on without it."""


class RedisConnection:
    """One for all in a process who ask `url`'s Redis; None: there is no Redis.

    A command goes together with those of others; a question of several commands has a client of its own. The limit of time is ours: a look
    in redis-py's pool, with its check of the connection and its limits, takes as long as the question. A connection that died while nobody
    used it is made again, once.
    """

    def __init__(self, url: str | None, *, every: float = EVERY) -> None:
        self._url = url or ""
        self._redis = (
            Redis.from_url(url, socket_timeout=None, socket_connect_timeout=None, retry=Retry(NoBackoff(), 1))
            if url
            else None
        )
        self._pipelining = (
            Pipelining(self._redis.connection_pool.make_connection, lambda: PATIENCE) if self._redis else None
        )
        self._idle: list[Redis] = []
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._every = every
        self._looking: asyncio.Task[None] | None = None
        self._gone_at = float("-inf")
        self._closed = False

    async def __aenter__(self) -> RedisConnection:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def configured(self) -> bool:
        """Whether there is one, be it away."""
        return self._redis is not None

    @property
    def there(self) -> bool:
        """Whether to ask it, as far as this process knows."""
        return self._redis is not None and self._looking is None

    async def command(self, *parts: bytes | str | int | float) -> Any:
        """What it answers to one command, as it comes (bytes, numbers, None, lists of them). Raises as `ask` does."""
        return await self._tried(self._command(parts))

    async def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        """What it answers to `question`, which awaits nothing else. Raises RedisUnavailable; then it is left alone until it is back."""
        return await self._tried(self._ask(question))

    async def _tried(self, asking: Coroutine[Any, Any, T]) -> T:
        if not self.there:
            asking.close()
            raise RedisUnavailable("Redis is left alone until it answers again")
        try:
            return await asking
        except (RedisError, OSError) as error:
            self._gone(error)
            raise RedisUnavailable(trouble_of(error, self._url)) from error

    def listening(self) -> PubSub:
        """A connection of its own, for who waits for messages; it raises redis-py's errors."""
        assert self._redis is not None
        return self._redis.pubsub(ignore_subscribe_messages=True)

    async def close(self) -> None:
        self._closed = True
        if self._looking is not None:
            await cancel_and_wait(self._looking)
        if self._pipelining is not None:
            await self._pipelining.close()
        for client in self._idle:
            await client.aclose()
        if self._redis is not None:
            await self._redis.aclose()

    async def _command(self, parts: tuple[bytes | str | int | float, ...]) -> Any:
        assert self._pipelining is not None
        return await self._pipelining.command(*parts)

    async def _ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        assert self._redis is not None
        async with asyncio.timeout(PATIENCE), self._turns:
            client = self._idle.pop() if self._idle else self._redis.client()
            try:
                return await question(client)
            except RuntimeError:  # of uvloop, where a connection was reset while nobody used it
                if client.connection is not None:
                    await client.connection.disconnect(nowait=True)
                return await question(client)
            finally:
                self._idle.append(client)

    def _gone(self, error: BaseException) -> None:
        if self._looking is None and not self._closed:
            log.warning(
                "%s. Going on without caches and hints; this process judges providers alone",
                trouble_of(error, self._url),
            )
            # At once: perhaps it was this process that stood still. Not again and again, for one that answers this look only.
            before, self._gone_at = self._gone_at, time.monotonic()
            self._looking = asyncio.create_task(
                self._look(0.0 if self._gone_at - before > self._every else self._every)
            )

    async def _look(self, pause: float) -> None:
        """After `pause` seconds, and then again and again, until it answers."""
        while True:
            await asyncio.sleep(pause)
            try:
                await self._ask(lambda redis: redis.ping())
            except (RedisError, OSError):
                pause = self._every
                continue
            self._looking = None
            log.warning("Redis answers again")
            return
