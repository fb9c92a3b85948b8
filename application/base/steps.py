"""Steps (spans): what is done on the way to an answer, told to whoever traces the request, or the piece of work, that it is done for.

Where nobody does, a step costs a look at a variable.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Fact = str | int | float | bool
Facts = Mapping[str, Fact]
"""What is known of a step, by name: never a text of a person's."""


class Tracing(Protocol):
    """Who is told."""

    def step(self, name: str, facts: Facts) -> AbstractContextManager[object]:
        """Around a step; steps within it are its children."""

    def tell(self, facts: Facts) -> None:
        """More of the step that is under way."""


tracing: ContextVar[Tracing | None] = ContextVar("tracing", default=None)
"""Set by who begins a request, or a piece of work; tasks that come of it have it too."""


def step(
    name: str,
) -> Callable[[Callable[P, Coroutine[Any, Any, T]]], Callable[P, Coroutine[Any, Any, T]]]:
    """Each call of the function is a step of this name."""

    def decorated(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        @wraps(work)
        def begun(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
            if tracing.get() is None:
                return work(*args, **kwargs)
            return within(name, partial(work, *args, **kwargs))

        return begun

    return decorated


def within(name: str, work: Callable[[], Coroutine[Any, Any, T]], **facts: Fact) -> Coroutine[Any, Any, T]:
    """`work` as a step; as it is where nobody traces it."""
    told = tracing.get()
    return work() if told is None else _told(told, name, work, facts)


def tell(**facts: Fact) -> None:
    """Of the step that is under way."""
    if (told := tracing.get()) is not None:
        told.tell(facts)


async def _told(told: Tracing, name: str, work: Callable[[], Coroutine[Any, Any, T]], facts: Facts) -> T:
    with told.step(name, facts):
        return await work()
