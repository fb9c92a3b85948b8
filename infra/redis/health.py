"""How providers did lately, shared by all processes through Redis. Implements `application.ports.Health` and `HealthKeeper`.

A process decides by what it knows, at once. What it has seen it tells the others, failures now, the rest some times a second, and hears
from them. Of all processes' callers one probes: whoever gets the lock in Redis. Without Redis a process knows what it has seen itself,
and tells it when Redis is back. The processes' clocks must agree to about 100 ms.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from application.ports import Place
from domain.gateway.health import FIRST, SILENT, Lately, Pause, State
from domain.models.completion import Outcome
from infra.redis import health_state
from infra.redis.connection import RedisConnection, RedisUnavailable
from infra.redis.health_state import PROBE, Seen, with_seen

SHARED = 0.05
"""Seconds after which others may know what a good call has shown."""

FRESH = 0.1
"""Seconds for which a process takes what it knows for what all know."""

PATIENCE = 0.05
"""Seconds that a call waits for Redis, at most."""

MOST, WAITING = 10_000, 100
"""Places that a process knows of; calls of each that wait for Redis to come back."""

Opened = Callable[[Place], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Probe:
    """One of this process's callers'. `begun` by the monotonic clock."""

    token: str
    begun: float


@dataclass(eq=False)
class Known:
    """What this process knows of a place. `seen`, and the probes that have `ended`, are what the others do not know yet."""

    place: Place
    lately: Lately = field(default_factory=Lately)
    asked: float = -FRESH
    heard: float = -FRESH
    """When this process was last told what all know."""

    forgotten: bool = False
    """Whether it was reset, and the others do not know that yet: what they know until then counts no more."""

    seen: list[Seen] = field(default_factory=list)
    probe: Probe | None = None
    ended: list[Probe] = field(default_factory=list)
    exchange: asyncio.Task[None] | None = None


class SharedHealth:
    """`opened` is called when a place that was healthy is so no more."""

    def __init__(
        self,
        connection: RedisConnection,
        *,
        opened: Opened | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._connection, self._opened, self._clock = connection, opened, clock
        self._places: OrderedDict[Place, Known] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sharing: asyncio.Task[None] | None = None

    async def admit(self, place: Place) -> Pause | None:
        known = self._known(place)
        if self._connection.there and time.monotonic() - known.asked > FRESH:
            await asyncio.wait({self._exchanged(known)}, timeout=PATIENCE)
        if known.lately.state(self._clock()) == "probing" and await self._may_probe(known):
            return None
        return known.lately.pause(self._clock())

    async def record(
        self, place: Place, outcome: Outcome, latency_ms: float, retry_after: float | None = None
    ) -> None:
        known, now = self._known(place), self._clock()
        before = known.lately
        known.lately = before.recorded(outcome, latency_ms, now, retry_after)
        if outcome not in SILENT:
            known.seen.append((outcome, latency_ms, now, retry_after))
        # A call that was begun before the pause, and ends now, is not the probe.
        begun = time.monotonic() - latency_ms / 1000
        ended = known.probe is not None and begun > known.probe.begun - FIRST / 4
        if ended:
            self._end(known)
        if known.lately.until and not before.until and self._opened is not None:
            self._spawn(self._opened(place))
        self._share(known, at_once=ended or outcome != "ok")

    def overdue(self, place: Place) -> float | None:
        return self._known(place).lately.overdue(self._clock())

    async def all(self) -> dict[Place, Lately]:
        if running := {known.exchange for known in self._places.values() if known.exchange is not None}:
            await asyncio.wait(running, timeout=PATIENCE)
        with suppress(RedisUnavailable):
            began = time.monotonic()
            for place, lately in (await self._connection.ask(health_state.everything)).items():
                known = self._known(place)
                if known.heard < began and not known.forgotten:
                    known.lately = with_seen(lately, known.seen)
        found = {place: known.lately for place, known in self._places.items()}
        return {place: lately for place, lately in found.items() if lately.buckets or lately.until}

    def states(self) -> dict[Place, State]:
        """As this process knows them."""
        now = self._clock()
        return {place: known.lately.state(now) for place, known in self._places.items()}

    async def reset(self, places: Collection[Place]) -> None:
        """Where Redis is away, the others are told when this process next hears of the place."""
        for place in places:
            known = self._known(place)
            known.lately, known.probe, known.forgotten = Lately(), None, True
            known.seen.clear()
        for known in map(self._known, places):
            while known.forgotten and self._connection.there:  # after an exchange that was begun before
                await asyncio.wait({self._exchanged(known)})

    async def close(self) -> None:
        """Tell the others what is to be told."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _may_probe(self, known: Known) -> bool:
        """Of all processes' callers one."""
        begun = time.monotonic()
        if known.probe is not None and begun - known.probe.begun < PROBE:
            return False
        probe = known.probe = Probe(secrets.token_hex(8), begun)
        try:
            behind = await self._connection.ask(partial(health_state.lock, known.place, probe.token))
        except RedisUnavailable:
            return True
        except BaseException:  # the caller has gone, perhaps with the lock
            self._end(known)
            self._share(known, at_once=True)
            raise
        if behind is None:
            known.probe = None
            return False
        known.lately = with_seen(behind, known.seen)
        if known.lately.state(self._clock()) == "probing":
            return True
        self._end(known)
        self._share(known, at_once=True)
        return False

    def _known(self, place: Place) -> Known:
        known = self._places.get(place)
        if known is None:
            known = self._places[place] = Known(place)
            if len(self._places) > MOST:
                self._places.popitem(last=False)
        else:
            self._places.move_to_end(place)
        return known

    def _end(self, known: Known) -> None:
        if known.probe is not None:
            known.ended.append(known.probe)
            known.probe = None

    def _share(self, known: Known, *, at_once: bool) -> None:
        if not self._connection.there:
            known.ended.clear()  # their locks go by themselves
            if known.exchange is None:
                del known.seen[:-WAITING]
            return
        if at_once:
            self._exchanged(known)
        if self._sharing is None or self._sharing.done():
            self._sharing = self._spawn(self._keep_sharing())

    async def _keep_sharing(self) -> None:
        """Until there is nothing left to tell, or nobody who could be told."""
        while True:
            await asyncio.sleep(SHARED)
            waiting = [known for known in self._places.values() if known.seen or known.ended]
            if not waiting or not self._connection.there:
                return
            await asyncio.wait({self._exchanged(known) for known in waiting})

    def _exchanged(self, known: Known) -> asyncio.Task[None]:
        """Of a place one exchange at a time."""
        if known.exchange is None:
            known.exchange = self._spawn(self._exchange(known))
        return known.exchange

    async def _exchange(self, known: Known) -> None:
        known.asked = time.monotonic()
        try:
            if known.forgotten:
                await self._connection.ask(partial(health_state.forget, known.place))
                known.forgotten = False
            seen, ended = list(known.seen), list(known.ended)
            common, told = await self._connection.ask(partial(health_state.exchange, known.place, seen))
            if known.forgotten:  # meanwhile: this is of before
                return
            if told:
                del known.seen[: len(seen)]
            known.lately, known.heard = with_seen(common, known.seen), time.monotonic()
            if told:
                for probe in ended:  # only now: who probes next knows what this one has shown
                    await self._connection.ask(partial(health_state.unlock, known.place, probe.token))
                known.ended = [probe for probe in known.ended if probe not in ended]
        except RedisUnavailable:
            return  # it hears of it when it is back
        finally:
            known.exchange = None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
