"""What roles share: they run until they are told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from application.base.tasks import cancel_and_wait


async def stopped(*running: asyncio.Task[Any]) -> None:
    """Return on SIGTERM or SIGINT, or raise what ended one of `running`."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in running:
        if task.done():
            task.result()


@asynccontextmanager
async def beside(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """What goes on for ever beside what a role does, and ends with it."""
    running = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        await cancel_and_wait(*running)
