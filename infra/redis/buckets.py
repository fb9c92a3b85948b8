"""Token buckets that all processes share, in Redis; while that is away each process has its own. Implements `application.ports.Buckets`.

The generic cell rate algorithm: all that is kept of a bucket is when it would be full again (ITU-T I.371, annex A).
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from infra.redis.connection import RedisConnection, RedisUnavailable

MOST = 100_000
"""Buckets that a process remembers by itself."""

TAKE = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local full, interval, slack, patience = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
full = math.max(full, now) + interval
local wait = full - slack - now
if wait <= patience then redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1) end
return string.format('%.0f', math.max(wait, 0))
"""
"""Microseconds of Redis's own clock, which all processes share."""


class TokenBuckets:
    def __init__(self, connection: RedisConnection, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection, self._clock = connection, clock
        self._full: OrderedDict[str, float] = OrderedDict()

    async def take(self, name: str, *, rate: float, burst: float, patience: float = 0.0) -> float:
        values = [math.ceil(1e6 * value) for value in (1 / rate, max(burst, 1.0) / rate, patience)]
        key = f"retrace:bucket:{name}"
        try:
            wait = await self._connection.command("EVAL", TAKE, 1, key, *values)
        except RedisUnavailable:
            return self._take(name, rate, max(burst, 1.0), patience)
        return int(wait) / 1e6

    def _take(self, name: str, rate: float, burst: float, patience: float) -> float:
        now = self._clock()
        full = max(self._full.pop(name, now), now)
        wait = full + (1 - burst) / rate - now
        self._full[name] = full + 1 / rate if wait <= patience else full
        if len(self._full) > MOST:
            self._full.popitem(last=False)
        return max(wait, 0.0)
