"""Fair queuing: some places; of those who wait for one, the first of each tenant has it in turn.

So whoever comes with many waits behind those that others come with, and nobody else waits behind them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Hashable


class FairQueue:
    """One a pool; not for several threads. `waited` and `refused`: seconds in all, and how many got no place in time."""

    def __init__(self, places: int) -> None:
        self.waited = 0.0
        self.refused = 0
        self._free = places
        self._lines: dict[Hashable, deque[asyncio.Future[None]]] = {}  # in the order of their turns

    @property
    def waiting(self) -> int:
        return sum(map(len, self._lines.values()))

    async def enter(self, who: Hashable, patience: float) -> None:
        """Have a place, until `leave`. Raises TimeoutError after so many seconds."""
        if self._free:
            self._free -= 1
            return
        began, place = time.monotonic(), asyncio.get_running_loop().create_future()
        self._lines.setdefault(who, deque()).append(place)
        try:
            async with asyncio.timeout(patience):
                await place
        except BaseException as error:
            if (
                place.done() and not place.cancelled()
            ):  # it came at the moment at which nobody waited any more
                self.leave()
            else:
                self._forget(who, place)
            self.refused += isinstance(error, TimeoutError)
            raise
        finally:
            self.waited += time.monotonic() - began

    def leave(self) -> None:
        """Give the place to the next one."""
        while self._lines:
            who = next(iter(self._lines))
            line = self._lines.pop(who)
            place = line.popleft()
            if line:
                self._lines[who] = line  # behind all others
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def _forget(self, who: Hashable, place: asyncio.Future[None]) -> None:
        line = self._lines.get(who)
        if line is not None and place in line:
            line.remove(place)
            if not line:
                del self._lines[who]
