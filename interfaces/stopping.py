"""Graceful shutdown, which roles share: they run until they are told to stop, and end then, whatever holds them up."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from application.base.tasks import cancel_and_wait

LAST = 30.0
"""Seconds after it was told to stop in which a role has ended, or is ended: longer than all that it waits for by itself, and than whoever
started it does. Where that one is gone, and with it the servers, nobody else would see to it."""


def end_in_time() -> None:
    """From now on this process has `LAST` seconds; after them it writes to its standard error where it hangs, and ends with 1.

    A thread of C sees to it (`faulthandler`), so that nothing of ours can hold it up.
    """
    faulthandler.dump_traceback_later(LAST, exit=True)


def told_by_signals(told: asyncio.Event) -> None:
    """From now on SIGTERM and SIGINT set it."""

    def tell() -> None:
        end_in_time()
        told.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, tell)


async def until(told: asyncio.Event, *running: asyncio.Task[Any]) -> None:
    """Return once it is told, or raise what ended one of `running`."""
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
