"""Asking several at once, each with a time-out: what came in time is kept, and nobody waits for the rest.

The tenant's own sources have more patience than others: they lie in the database that the answer can't do without either, and where that is
busy, an answer without the tenant's documents would be a wrong one, not a quick one.

The time is what this process had itself: where it stood still, or had others to serve, that is no source's fault. So it is counted in ticks, and a
tick that took longer counts as one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import msgspec

from application.base.steps import within
from application.ports import Fault
from domain.retrieval.results.lookup import Lookup, Outcome

T = TypeVar("T")
log = logging.getLogger("retrace.retrieval")

TICKS = 20
"""Of the shortest time-out."""

OWN = 10
"""Times as long as others the tenant's own sources have."""

MOST_LATE = 32
"""Requests to one source that have not ended though nobody waits for them: until they are fewer it is not asked, so that they can't pile up."""

ENDING = 5.0
"""Seconds that they have to end when the process does."""


class Late:
    """Requests that nobody waits for any more: cancelled, and held until they have ended. One a process."""

    def __init__(self) -> None:
        self._tasks: dict[str, set[asyncio.Task[Any]]] = {}

    def busy(self, name: str) -> bool:
        return len(self._tasks.get(name, ())) >= MOST_LATE

    def leave(self, name: str, task: asyncio.Task[Any], *, goes_on: bool = False) -> None:
        """`goes_on`: it is not cancelled, for others will have of what it makes."""
        self._tasks.setdefault(name, set()).add(task)
        task.add_done_callback(partial(self._ended, name))
        if not goes_on:
            task.cancel()

    async def close(self) -> None:
        if tasks := [task for some in self._tasks.values() for task in some]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=ENDING)

    def _ended(self, name: str, task: asyncio.Task[Any]) -> None:
        self._tasks[name].discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _tell(name, error)


class Asked(msgspec.Struct, Generic[T]):
    """`value`: None where nothing came; `error`: why, where it failed."""

    lookup: Lookup
    value: T | None = None
    error: BaseException | None = None


@dataclass(frozen=True, kw_only=True)
class InTime:
    """How long each has that is not the tenant's own, and where those go that did not come in time."""

    seconds: float
    late: Late

    async def ask(
        self,
        works: Mapping[str, Callable[[], Coroutine[Any, Any, T]]],
        *,
        others: frozenset[str] = frozenset(),
        spared: Callable[[Mapping[str, T]], frozenset[str]] | None = None,
        goes_on: bool = False,
    ) -> dict[str, Asked[T]]:
        """`others`: names of those that are not the tenant's own."""
        limits = {name: self.seconds * (1 if name in others else OWN) for name in works}
        return await ask_at_once(works, limits, self.late, spared=spared or never, goes_on=goes_on)


def never(found: Mapping[str, Any]) -> frozenset[str]:
    return frozenset()


async def ask_at_once(
    works: Mapping[str, Callable[[], Coroutine[Any, Any, T]]],
    limits: Mapping[str, float],
    late: Late,
    *,
    spared: Callable[[Mapping[str, T]], frozenset[str]] = never,
    goes_on: bool = False,
) -> dict[str, Asked[T]]:
    """What came of each, by name. `limits`: seconds that each has; `spared`: of what came so far, which others need not be waited for; `goes_on`: what is late is not cancelled."""
    if not works:
        return {}
    began = time.perf_counter()
    ended: dict[str, float] = {}

    def note(name: str, _: object) -> None:
        ended[name] = time.perf_counter()

    tasks = {
        name: asyncio.create_task(within(f"ask {name}", work))
        for name, work in works.items()
        if not late.busy(name)
    }
    for name, task in tasks.items():
        task.add_done_callback(partial(note, name))
    done: dict[str, Asked[T]] = {}
    came: dict[str, T] = {}
    spent, tick = 0.0, min(limits.values()) / TICKS
    needless: frozenset[str] = frozenset()
    try:
        while waiting := {
            n: t for n, t in tasks.items() if n not in done and n not in needless and spent < limits[n]
        }:
            at = time.perf_counter()
            longest = min(tick, max(limits[name] for name in waiting) - spent)
            await asyncio.wait(waiting.values(), timeout=longest, return_when=asyncio.FIRST_COMPLETED)
            spent += min(time.perf_counter() - at, tick)
            for name, task in tasks.items():
                if task.done() and name not in done:
                    done[name] = _asked(name, task, 1000 * (ended.get(name, at) - began))
                    if (value := done[name].value) is not None:
                        came[name] = value
            needless = spared(came)
    finally:
        for name, task in tasks.items():
            if name not in done:
                late.leave(name, task, goes_on=goes_on)
    took = 1000 * (time.perf_counter() - began)
    for name in works:
        if name not in done:
            outcome: Outcome = "late" if name in tasks else "busy"
            done[name] = _none(name, "spared" if name in needless else outcome, took if name in tasks else 0)
            if done[name].lookup.outcome != "spared":
                log.warning("a source of passages was not waited for", extra={"facts": _facts(done[name])})
    return {name: done[name] for name in works}


def _asked(name: str, task: asyncio.Task[T], took: float) -> Asked[T]:
    if task.cancelled():  # by itself: nobody here has
        return _none(name, "failed", took)
    if (error := task.exception()) is not None:
        _tell(name, error)
        return msgspec.structs.replace(_none(name, "failed", took), error=error)
    return Asked(lookup=Lookup(source=name, outcome="found", ms=round(took, 3)), value=task.result())


def _none(name: str, outcome: Outcome, took: float) -> Asked[T]:
    return Asked(lookup=Lookup(source=name, outcome=outcome, ms=round(took, 3)))


def _facts(asked: Asked[Any]) -> dict[str, object]:
    return {"source": asked.lookup.source, "outcome": asked.lookup.outcome, "ms": asked.lookup.ms}


def _tell(name: str, error: BaseException) -> None:
    """What a fault says of itself; of any other error its class alone, for its text may be personal."""
    reason = str(error) if isinstance(error, Fault) else type(error).__name__
    log.warning("a source of passages failed", extra={"facts": {"source": name, "reason": reason}})
