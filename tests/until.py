"""Polling with a deadline: a test waits until something is so, for longer than any machine stands still."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

PATIENCE = 60.0
"""Seconds that a test waits for what is to come at most. One that passes waits only until it is there."""


async def until(
    look: Callable[[], Any] | Callable[[], Awaitable[Any]], *, within: float = PATIENCE, every: float = 0.02
) -> Any:
    """What `look` finds, once it is true; looked for every `every` seconds.

    Raises AssertionError after `within` seconds, with what was looked for and what there was last.
    """
    found = None
    try:
        async with asyncio.timeout(within) as limit:
            while not (found := await looked(look)):
                await asyncio.sleep(every)
            return found
    except TimeoutError:
        if not limit.expired():
            raise
    raise AssertionError(f"this was not so within {within:g} s: {told(look)}; there was {found!r}")


def until_now(look: Callable[[], Any], *, within: float = PATIENCE, every: float = 0.02) -> Any:
    """`until`, for tests without a loop: they stand still meanwhile."""
    ends = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < ends, (
            f"this was not so within {within:g} s: {told(look)}; there was {found!r}"
        )
        time.sleep(every)
    return found


async def looked(look: Callable[[], Any]) -> Any:
    found = look()
    return await found if inspect.isawaitable(found) else found


def told(look: Callable[[], Any]) -> str:
    """What it looks for, as it is written."""
    try:
        return " ".join(inspect.getsource(look).split())
    except (OSError, TypeError):
        return repr(look)
