"""Tasks that must come to their end: where nobody waits for them any more, and where they are told to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """What `work` gives. Whoever is cancelled meanwhile is so only after its end."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from (None if task.cancelled() else task.exception())
    return task.result()


AGAIN = 5.0
"""Seconds after which a task that goes on is told once more."""


async def cancel_and_wait(*tasks: asyncio.Task[Any], again: float | None = None) -> None:
    """Cancel `tasks` and wait for all of them; each that goes on is told once more after `again`
    seconds (AGAIN). Raises what the first one failed with. Whoever is cancelled meanwhile tells them again.

    One cancellation may be lost on its way: `asyncio.wait_for` of Python 3.11, which psycopg's pool and redis-py build on, takes a
    result that comes in the same moment instead (https://github.com/python/cpython/issues/86296).
    """
    cancelled: asyncio.CancelledError | None = None
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        try:
            await asyncio.wait(left, timeout=again or AGAIN)
        except asyncio.CancelledError as error:
            cancelled = error
    for task in tasks:
        if not task.cancelled() and (failure := task.exception()) is not None:
            raise failure
    if cancelled is not None:
        raise cancelled


async def run_together(*works: Coroutine[Any, Any, None]) -> None:
    """All of `works` at once, until all ended or one failed; raises what it failed with. Nothing of them goes on after that.

    A TaskGroup would cancel each once, and a work that lost that cancellation would go on for ever.
    """
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await cancel_and_wait(*tasks)
