"""Hints that something is new: a way to wake up sooner, never the truth. Whoever listens polls as well.

Within a process a hint is an event; between processes it is a message on a Redis channel. A lost hint costs a poll's delay. There are two sorts, as
most of what is written owes no work that others are to do: a tenant's log has moved on; and work of a kind is due.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing, suppress
from functools import partial
from time import monotonic
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from infra.redis.connection import RedisConnection, RedisUnavailable

CHANNEL, WORK = "retrace:hints", "retrace:work"
"""Tenants whose log has moved on, sixteen bytes each; kinds of work that is due, with commas between."""

POLL = 0.2
"""Seconds after which a listener looks for itself."""

SOON, LATER = 0.002, 0.02
"""Seconds for which hints gather, at first and where there is one after the other; whoever has made the change goes on first."""


class Hints:
    """Publishes and hears of tenants whose log or work has changed. Without Redis only this process hears."""

    def __init__(self, connection: RedisConnection | None = None) -> None:
        self._connection = connection or RedisConnection(None)
        self._fresh: set[UUID] = set()
        self._owed: set[str] = set()
        self._workers: dict[asyncio.Event, frozenset[str]] = {}
        """Those who do work, with its kinds."""

        self._sender: asyncio.Task[None] | None = None
        self._closed = False
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
            self._send_soon()

    def owed(self, kinds: Collection[str], after: float = 0.0) -> None:
        """Tell whoever does work of these kinds that some is due, so many seconds from now."""
        if after > 0:
            asyncio.get_running_loop().call_later(after, self.owed, kinds)
            return
        self._wake(kinds)
        if self._connection.there:
            self._owed.update(kinds)
            self._send_soon()

    async def due(self, kinds: Collection[str], poll: float = POLL) -> AsyncGenerator[None, None]:
        """Each time that work of these kinds may be due, and after `poll` quiet seconds: look."""
        wake = asyncio.Event()
        self._workers[wake] = frozenset(kinds)
        self._hear_others()
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(poll):
                        await wake.wait()
                wake.clear()
                yield
        finally:
            del self._workers[wake]
            self._hear_no_more()

    async def listen(self, poll: float = POLL) -> AsyncGenerator[frozenset[UUID], None]:
        """Sets of tenants that may have something new; an empty set after `poll` quiet seconds: look everywhere."""
        queue: asyncio.Queue[UUID] = asyncio.Queue()
        self._listeners.add(queue)
        self._hear_others()
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
            self._hear_no_more()

    async def about(self, tenant: UUID, poll: float = POLL) -> AsyncGenerator[None, None]:
        """Each time that this tenant may have something new; however much is heard of others, after some `poll` seconds: look."""
        due = monotonic() + poll
        async with aclosing(self.listen(poll)) as listening:
            async for heard in listening:
                if not heard or tenant in heard or monotonic() >= due:
                    yield
                    due = monotonic() + poll

    async def close(self) -> None:
        """Work that falls due after this is found by polling."""
        self._closed = True
        if self._sender is not None:
            with suppress(asyncio.CancelledError):
                await self._sender

    def _wake(self, kinds: Collection[str]) -> None:
        for wake, theirs in self._workers.items():
            if not theirs.isdisjoint(kinds):
                wake.set()

    def _send_soon(self) -> None:
        if not self._closed and (self._sender is None or self._sender.done()):
            self._sender = asyncio.create_task(self._send())

    async def _send(self) -> None:
        pause = SOON
        while self._fresh or self._owed:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LATER)
            tenants, self._fresh = b"".join(tenant.bytes for tenant in self._fresh), set()
            kinds, self._owed = ",".join(self._owed).encode(), set()
            told = {name: message for name, message in ((WORK, kinds), (CHANNEL, tenants)) if message}
            with suppress(RedisUnavailable):  # polling finds it
                await self._connection.ask(partial(_publish, told))

    def _hear_others(self) -> None:
        if self._connection.configured and (self._hearing is None or self._hearing.done()):
            self._hearing = asyncio.create_task(self._hear())

    def _hear_no_more(self) -> None:
        if not self._listeners and not self._workers and self._hearing is not None:
            self._hearing.cancel()
            self._hearing = None

    async def _hear(self) -> None:
        me = asyncio.current_task()
        while self._hearing is me:
            try:
                async with self._connection.listening() as channel:
                    await channel.subscribe(CHANNEL, WORK)
                    # Its client may swallow a cancellation, so we look ourselves too.
                    while self._hearing is me:
                        message = await channel.get_message(ignore_subscribe_messages=True, timeout=1.0)
                        if message is not None:
                            self._heard(message["channel"], message["data"])
            except (RedisError, OSError):
                await asyncio.sleep(1)

    def _heard(self, channel: bytes, data: bytes) -> None:
        if channel == WORK.encode():
            self._wake(data.decode().split(","))
            return
        tenants = [UUID(bytes=data[start : start + 16]) for start in range(0, len(data), 16)]
        for queue in self._listeners:
            for tenant in tenants:
                queue.put_nowait(tenant)


async def _publish(told: Mapping[str, bytes], redis: Redis) -> None:
    for channel, message in told.items():
        await redis.publish(channel, message)
