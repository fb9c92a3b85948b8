"""In work: a request that computes, or asks the database, has one of its process's places (a bulkhead). Who waits for long gives it back.

What knows that it waits for somebody outside says so here, whoever called it; where nobody has a place, as in a worker, nothing happens.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")


class Place(Protocol):
    """Of one request, and of what goes on for it."""

    def keep(self) -> Callable[[], None]:
        """Have it until the result is called, whatever becomes of the request."""

    def leave(self) -> None:
        """Give it back."""

    async def step_back(self) -> None:
        """Give it back, and have it again after those that wait for one now."""

    async def beside(self, waiting: Awaitable[T]) -> T:
        """What is waited for; it is given back where that takes long."""


place: ContextVar[Place | None] = ContextVar("place", default=None)


def waits_long() -> None:
    """What follows is no work of this process: others may begin."""
    if (held := place.get()) is not None:
        held.leave()


async def after_those_in_line() -> None:
    """Those of the same tenant that wait for a place have their turn first: what they bring may belong to what follows."""
    if (held := place.get()) is not None:
        await held.step_back()


async def waiting(for_it: Awaitable[T]) -> T:
    """What another request is at, or a client: others may begin where that takes long."""
    held = place.get()
    return await (for_it if held is None else held.beside(for_it))


def kept() -> Callable[[], None]:
    """Have the place of this request also for a task that may outlive it; call the result at its end."""
    return held.keep() if (held := place.get()) is not None else _nothing


def _nothing() -> None:
    pass
