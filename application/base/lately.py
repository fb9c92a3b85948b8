"""A memo with a time to live, single-flight: what many ask and one look answers for all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

FRESH = 1.0
"""Seconds for which what was found holds, from when it was asked."""


class Lately(Generic[T]):
    """What `ask` found. Whoever comes while it is asked waits for that answer, so however many ask, there is one look at a time."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._known: tuple[float, T] | None = None
        self._asking: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """Raises what asking raises; an error is told to those who wait for it, and not kept."""
        if self._known is not None and time.monotonic() - self._known[0] < FRESH:
            return self._known[1]
        if self._asking is None:
            self._asking = asyncio.create_task(self._asked())
            self._asking.add_done_callback(_heard)
        return await asyncio.shield(self._asking)

    async def _asked(self) -> T:
        began = time.monotonic()
        try:
            found = await self._ask()
            self._known = began, found
            return found
        finally:
            self._asking = None


def _heard(asking: asyncio.Task[T]) -> None:
    """Whoever waited may have gone; then nobody else hears of its error."""
    if not asking.cancelled():
        asking.exception()
