"""A process that is killed while a provider has its call and does not answer: from that moment nothing of it comes on record."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from application.ports import Saved


class Killed(BaseException):
    """The process is no more."""


class Dying:
    """Its store."""

    def __init__(self, store: Any) -> None:
        self._store, self.dead = store, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def save(self, *aggregates: Any, **facts: Any) -> Saved:
        if self.dead:
            raise Killed
        saved: Saved = await self._store.save(*aggregates, **facts)
        return saved

    async def change(self, *facts: Any, **more: Any) -> Any:
        if self.dead:
            raise Killed
        return await self._store.change(*facts, **more)


async def killed_at_the_wire(
    store: Dying, does: Awaitable[object], hung: asyncio.Event, *, within: float = 60
) -> None:
    """Until a call hangs."""
    task = asyncio.ensure_future(does)
    waiting = asyncio.ensure_future(hung.wait())
    async with asyncio.timeout(within):
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    assert not task.done(), task
    store.dead = True
    task.cancel()
    with suppress(Killed, asyncio.CancelledError):
        await task


def hanging(hung: asyncio.Event) -> Callable[[], Awaitable[object]]:
    async def hang() -> None:
        hung.set()
        await asyncio.Event().wait()

    return hang
