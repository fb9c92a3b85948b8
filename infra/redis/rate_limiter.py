"""Token buckets for what comes in: a process decides by itself, at once, and all of them tell each other through Redis ten times a second.

What is kept of a bucket is when it would be full again (generic cell rate algorithm, ITU-T I.371, annex A). Each taken turn moves that on, and such
steps can be added in any order: so a process sends the sum of its own, and goes on from what all have come to. What comes in too much
within such a moment is missing afterwards, so the rate holds. Without Redis each process keeps the rate alone. Implements
`application.ports.RateLimiter`.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from application.base.tasks import cancel_and_wait
from application.ports import Over, Rate
from infra.redis.connection import RedisConnection, RedisUnavailable

MOST = 100_000
"""Buckets that a process remembers; the one that was used longest ago is forgotten first."""

EVERY = 0.1
"""Seconds between two tellings."""

AT_ONCE = 500
"""Buckets in one telling."""

ADD = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local left = {}
for place, key in ipairs(KEYS) do
  local full = math.max(tonumber(redis.call('GET', key) or '0'), now) + tonumber(ARGV[place])
  redis.call('SET', key, string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
  left[place] = string.format('%.0f', full - now)
end
return left
"""
"""Microseconds of Redis's own clock, which all processes share."""


class SharedRateLimiter:
    """One a process."""

    def __init__(self, connection: RedisConnection, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection, self._clock = connection, clock
        self._full: OrderedDict[str, float] = OrderedDict()
        self._untold: dict[str, float] = {}
        """Seconds by bucket."""
        self._telling: asyncio.Task[None] | None = None

    def take(self, wanted: Sequence[Rate]) -> Over | None:
        now, over, after = self._clock(), None, list[float]()
        for place, each in enumerate(wanted):
            full = max(self._full.get(each.name, now), now) + 1 / each.rate
            wait = full - max(each.burst, 1.0) / each.rate - now
            if wait > 1e-9 and (over is None or wait > over.wait):
                over = Over(place, wait)
            after.append(full)
        if over is not None:
            return over
        for each, full in zip(wanted, after, strict=True):
            self._full[each.name] = full
            self._full.move_to_end(each.name)
            self._untold[each.name] = self._untold.get(each.name, 0.0) + 1 / each.rate
        while len(self._full) > MOST:
            self._full.popitem(last=False)
        if not self._connection.configured:
            self._untold.clear()
        elif self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())
        return None

    async def close(self) -> None:
        if self._telling is not None:
            await cancel_and_wait(self._telling)

    async def _tell(self) -> None:
        """Until there is nothing more to tell."""
        while self._untold:
            await asyncio.sleep(EVERY)
            await self.exchange()

    async def exchange(self) -> None:
        """Tell what was taken here, and hear what was taken in all. What can't be told is this process's own."""
        untold, self._untold = list(self._untold.items()), {}
        for start in range(0, len(untold), AT_ONCE):
            some = untold[start : start + AT_ONCE]
            keys = [f"retrace:rate:{name}" for name, _ in some]
            steps = [math.ceil(1e6 * seconds) for _, seconds in some]
            try:
                left = await self._connection.command("EVAL", ADD, len(keys), *keys, *steps)
            except RedisUnavailable:
                return
            now = self._clock()
            for (name, _), each in zip(some, left, strict=True):
                self._full[name] = max(self._full.get(name, now), now + int(each) / 1e6)
