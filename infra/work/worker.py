"""Does the work that is due: claims it in batches, runs the handlers, says in batches how they ended.

No fault ends the loops: they rest, for a second at most, and go on. What a fault leaves unsaid comes back when its lease ends.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Protocol

import psycopg

from application.base.tasks import cancel_and_wait
from application.ports import Fault, Kind
from infra.redis.wakeups import POLL, Hints
from infra.work.attempt import attempt
from infra.work.error_text import error_text
from infra.work.items import Ending, Finished, Item, Unsure
from infra.work.leases import Leases
from infra.work.rows import Work

log = logging.getLogger("retrace.worker")

AHEAD = 0.05
"""Seconds of work, at the present rate, that is claimed beyond what can be begun at once."""
MOST = 1000
"""Items in one statement, and claimed ahead."""
PAUSE = 0.005
"""Seconds between claims that find little, so that hints that come one by one are followed together."""
STALE = 1.0
"""Seconds after which a claimed item that could not be begun is given back."""
GRACE = 15.0
"""Seconds that running tries are given to end when the worker stops."""
LAST_WORD = 5.0
"""Seconds for which it is waited after that until the database was told how they ended, and what is given back: a busy one takes its time."""
OUTCOMES = {ending: ending.name.lower() for ending in Ending}
FAULTS = (Fault, psycopg.Error, OSError)


class Observer(Protocol):
    """Is told of every try, for the metrics."""

    def tried(self, kind: str, outcome: str, seconds: float) -> None: ...


class Worker:
    """Runs up to `concurrency` handlers at once, of which one tenant gets three quarters at most."""

    def __init__(
        self,
        work: Work,
        kinds: Mapping[str, Kind],
        hints: Hints,
        *,
        concurrency: int = 64,
        poll: float = POLL,
        grace: float = GRACE,
        observer: Observer | None = None,
    ) -> None:
        self._observer = observer
        self._work, self._kinds, self._hints = work, kinds, hints
        self._concurrency, self._poll, self._grace = concurrency, poll, grace
        self._lengths = {name: kind.lease for name, kind in kinds.items()}
        self._leases = Leases(self._lengths, concurrency)
        self._ready: asyncio.Queue[Item] = asyncio.Queue()
        self._ended: list[Finished] = []
        self._count = 0
        self._low = 0  # with so few items left, claiming begins again
        self._crowded = False  # a tenant was passed over, so an end makes room for it
        self._stopping = self._closing = False
        self._hint = asyncio.Event()
        self._room = asyncio.Event()
        self._unsaid = asyncio.Event()
        self._emptied = asyncio.Event()

    def stop(self) -> None:
        """Claim nothing more. `run` returns when all that is held has ended or was given back."""
        self._stopping = True
        self._hint.set()
        self._room.set()

    async def run(self) -> None:
        """Work until `stop` is called. A bug in here ends it with that error; faults of servers don't."""
        claiming = asyncio.create_task(self._claim())
        saying = asyncio.create_task(self._say())
        doing = [asyncio.create_task(self._do()) for _ in range(self._concurrency)]
        others = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep())]
        try:
            await asyncio.wait([claiming, saying, *doing, *others], return_when=asyncio.FIRST_COMPLETED)
            self.stop()
            await asyncio.wait([claiming])
            self._give_back(self._leases.waiting())
            if len(self._leases):
                self._emptied.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._grace):
                        await self._emptied.wait()
        finally:
            try:
                await cancel_and_wait(claiming, *doing, *others)
            finally:
                self._closing = True  # not before: what was cut off is said as well
                self._unsaid.set()
                await asyncio.wait([saying], timeout=LAST_WORD)
                await cancel_and_wait(saying)

    async def _listen(self) -> None:
        async for _ in self._hints.due(self._kinds, self._poll):
            self._hint.set()

    async def _claim(self) -> None:
        """Keep the places filled."""
        faults, rate, since, count = 0, 0.0, monotonic(), 0
        while not self._stopping:
            now = monotonic()
            if now - since > AHEAD / 5:
                rate = (rate + (self._count - count) / (now - since)) / 2
                since, count = now, self._count
            ahead = min(MOST, int(rate * AHEAD))
            room, busy = self._leases.room(ahead)
            if room < max(1, ahead // 2) or len(self._ended) > 4 * MOST:
                self._low = len(self._leases) + room - max(1, ahead // 2)
                self._room.clear()
                await self._room.wait()
                continue
            self._crowded = bool(busy)
            self._hint.clear()
            try:
                claim = await self._work.claim(self._lengths, min(room, MOST), busy=busy)
            except FAULTS as error:
                if isinstance(error, Unsure):
                    self._hand_back(error.items)
                faults += 1
                await self._rest("claim", faults, error)
                continue
            faults = 0
            self._leases.take(claim.items, now)
            for item in claim.items:
                self._ready.put_nowait(item)
            if claim.whole and not claim.items:
                with suppress(TimeoutError):
                    async with asyncio.timeout(2 * self._poll):
                        await self._hint.wait()
            if claim.whole and len(claim.items) < room // 2:
                await asyncio.sleep(now + PAUSE - monotonic())

    async def _do(self) -> None:
        while True:
            item: Item | None = await self._ready.get()
            while item is not None and (lease := self._leases.begin(item, monotonic())) is not None:
                began = monotonic()
                try:
                    finished = await attempt(item, self._kinds[item.kind], lease)
                except asyncio.CancelledError:
                    self._leases.end(item)
                    self._ended.append(Finished(item, Ending.GIVEN_BACK))
                    raise
                if self._observer is not None:
                    self._observer.tried(item.kind, OUTCOMES[finished.ending], monotonic() - began)
                item = self._leases.end(item)
                if not finished.known:
                    self._ended.append(finished)
                    self._unsaid.set()
                self._count += 1
                if len(self._leases) <= self._low:
                    self._room.set()
                if self._crowded:
                    self._hint.set()
                if not len(self._leases):
                    self._emptied.set()
            self._room.set()  # an item was put aside or dropped, and takes no place

    async def _keep(self) -> None:
        """Renew leases, give back what could not be begun, end what takes too long or has lost its lease."""
        tick = min([STALE / 2, *(length / 8 for length in self._lengths.values())])
        while True:
            await asyncio.sleep(tick)
            now = monotonic()
            self._give_back(self._leases.waiting(now - STALE))
            if ending := self._leases.ending(now)[:MOST]:
                try:
                    renewed, lost = await self._work.renew(ending, self._lengths)
                except FAULTS as error:
                    await self._rest("renew", 1, error)
                    continue
                self._leases.renewed(renewed, now)
                self._leases.lost(lost)

    def _give_back(self, items: Sequence[Item]) -> None:
        self._leases.drop(items)
        self._hand_back(items)
        self._room.set()

    def _hand_back(self, items: Sequence[Item]) -> None:
        self._ended.extend(Finished(item, Ending.GIVEN_BACK) for item in items)
        self._unsaid.set()

    async def _say(self) -> None:
        """Tell the database how tries ended, all that have ended since the last time at once."""
        faults = 0
        while self._ended or not self._closing:
            await self._unsaid.wait()
            self._unsaid.clear()
            while self._ended:
                batch = self._ended[:MOST]
                del self._ended[:MOST]
                try:
                    again = await self._work.finish(batch)
                except FAULTS as error:
                    self._ended[:0] = batch
                    faults += 1
                    await self._rest("finish", faults, error)
                    continue
                faults = 0
                self._room.set()
                if again:
                    self._ended.extend(again)
                    await asyncio.sleep(PAUSE)

    async def _rest(self, what: str, faults: int, error: BaseException) -> None:
        if faults & (faults - 1) == 0:  # the 1st, 2nd, 4th, 8th …
            facts = {"faults": faults, "reason": error_text(error)}
            log.warning("cannot %s work, trying again", what, extra={"facts": facts})
        await asyncio.sleep(min(1.0, 0.05 * 2 ** min(faults, 10)) * random.uniform(0.5, 1))
