"""Hints that something is new: a way to wake up sooner, never the truth. Whoever listens polls as well.

Within a process a hint is an event; between processes it is a message on a Redis channel. A lost hint costs a poll's delay.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing, suppress
from functools import partial
from time import monotonic
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.redis.connection import RedisConnection, RedisUnavailable

CHANNEL = "retrace:hints"
POLL = 0.2
"""Seconds after which a listener looks for itself."""

SOON, LATER = 0.002, 0.02
"""Seconds for which hints gather, at first and where there is one after the other; whoever has made the change goes on first."""


class Hints:
    """Publishes and hears of tenants whose log or work has changed. Without Redis only this process hears."""

    def __init__(self, connection: RedisConnection | None = None) -> None:
        self._connection = connection or RedisConnection(None)
        self._fresh: set[UUID] = set()
        self._sender: asyncio.Task[None] | None = None
        self._listeners: set[asyncio.Queue[UUID]] = set()
        self._hearing: asyncio.Task[None] | None = None
        """One connection to Redis for all who listen."""

    @property
    def far(self) -> bool:
        """Whether other processes are heard too."""
        return self._connection.there

    def changed(self, tenant: UUID) -> None:
        """Tell others, soon: hints of one moment go out together."""
        for queue in self._listeners:
            queue.put_nowait(tenant)
        if self._connection.there:
            self._fresh.add(tenant)
            if self._sender is None or self._sender.done():
                self._sender = asyncio.create_task(self._send())

    async def listen(self, poll: float = POLL) -> AsyncGenerator[frozenset[UUID], None]:
        """Sets of tenants that may have something new; an empty set after `poll` quiet seconds: look everywhere."""
        queue: asyncio.Queue[UUID] = asyncio.Queue()
        self._listeners.add(queue)
        if self._connection.configured and (self._hearing is None or self._hearing.done()):
            self._hearing = asyncio.create_task(self._hear())
        try:
            while True:
                heard: set[UUID] = set()
                with suppress(TimeoutError):
                    async with asyncio.timeout(poll):
                        heard.add(await queue.get())
                while not queue.empty():
                    heard.add(queue.get_nowait())
                yield frozenset(heard)
        finally:
            self._listeners.discard(queue)
            if not self._listeners and self._hearing is not None:
                self._hearing.cancel()
                self._hearing = None

    async def about(self, tenant: UUID, poll: float = POLL) -> AsyncGenerator[None, None]:
        """Each time that this tenant may have something new; however much is heard of others, after some `poll` seconds: look."""
        due = monotonic() + poll
        async with aclosing(self.listen(poll)) as listening:
            async for heard in listening:
                if not heard or tenant in heard or monotonic() >= due:
                    yield
                    due = monotonic() + poll

    async def close(self) -> None:
        if self._sender is not None:
            with suppress(asyncio.CancelledError):
                await self._sender

    async def _send(self) -> None:
        pause = SOON
        while self._fresh:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LATER)
            message, self._fresh = b"".join(tenant.bytes for tenant in self._fresh), set()
            with suppress(RedisUnavailable):  # polling finds it
                await self._connection.ask(partial(_publish, message))

    async def _hear(self) -> None:
        me = asyncio.current_task()
        while self._hearing is me:
            try:
                async with self._connection.listening() as channel:
                    await channel.subscribe(CHANNEL)
                    # Its client may swallow a cancellation, so we look ourselves too.
                    while self._hearing is me:
                        message = await channel.get_message(ignore_subscribe_messages=True, timeout=1.0)
                        data = message["data"] if message else b""
                        heard = [UUID(bytes=data[start : start + 16]) for start in range(0, len(data), 16)]
                        for queue in self._listeners:
                            for tenant in heard:
                                queue.put_nowait(tenant)
            except (RedisError, OSError):
                await asyncio.sleep(1)


def _publish(message: bytes, redis: Redis) -> Awaitable[int]:
    return redis.publish(CHANNEL, message)
