"""The right to make an entry of the cache, which one process has at a time: for seconds, renewed while it is being made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from infra.redis.connection import RedisConnection, RedisUnavailable

LEASE, RENEWED = 3.0, 1.0
"""Seconds that the right holds, and after which it is renewed: so long others wait for a maker that was killed."""

IN_VAIN = 1.0
"""Seconds for which others know that what came out is not to be kept, so that they don't wait for each other in vain."""

RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end"
GIVE_UP = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
END = """
if ARGV[2] ~= '' then
    redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
    redis.call('DEL', KEYS[2])
elseif redis.call('GET', KEYS[2]) == ARGV[1] then
    redis.call('SET', KEYS[2], 'in vain', 'PX', ARGV[4])
end
"""


class FillLease:
    """`name` is the entry's, `token` the maker's."""

    def __init__(self, connection: RedisConnection, name: bytes, token: str) -> None:
        self._connection, self._name, self._token = connection, name, token
        self._lock = name + b":making"
        self._due: asyncio.TimerHandle
        self._renewing: asyncio.Task[None] | None = None

    async def run(self, make: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        self._renew_later()
        try:
            return await make()
        finally:
            self._due.cancel()
            if self._renewing is not None:
                self._renewing.cancel()

    async def end(self, sealed: bytes | None, seconds: int) -> None:
        """Keep what came out; None: there is nothing to keep."""
        await self._do(
            END, self._token, sealed or b"", seconds, int(IN_VAIN * 1000), keys=(self._name, self._lock)
        )

    async def give_up(self) -> None:
        """Somebody else may try at once."""
        await self._do(GIVE_UP, self._token, keys=(self._lock,))

    def _renew_later(self) -> None:
        """Most are made long before; so it is a task only when it is due."""
        self._due = asyncio.get_running_loop().call_later(RENEWED, self._renew)

    def _renew(self) -> None:
        self._renewing = asyncio.create_task(
            self._do(RENEW, self._token, int(LEASE * 1000), keys=(self._lock,))
        )
        self._renew_later()

    async def _do(self, script: str, *values: bytes | str | int, keys: tuple[bytes, ...]) -> None:
        with suppress(RedisUnavailable):
            await self._connection.command("EVAL", script, len(keys), *keys, *values)
