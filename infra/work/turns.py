"""Turns: a caller that waits for what is owed does it itself, while nobody else does, in this process or in another one.

It has the row's lease meanwhile, as a worker would. Whoever comes then waits: within the process for its end, and of other processes one
each looks when it hears that something has changed. If it dies, its lease ends, and the next one, or a worker, has its turn.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import UTC, datetime
from uuid import UUID
from weakref import WeakValueDictionary

from application.base.in_work import waits_long
from application.base.tasks import cancel_and_wait, run_to_end
from application.ports import Fault
from infra.redis.wakeups import POLL, Hints
from infra.work.attempt import AWAY
from infra.work.error_text import error_text
from infra.work.items import Ending, Finished, Item
from infra.work.rows import Work

log = logging.getLogger("retrace.work")

LEASE = 15.0
"""Seconds after which others may go on where a process has died. It is renewed while the turn lasts."""
SOON = 1.5
"""Seconds after which a lease that came with the row is renewed: it may be shorter."""
LOOK, REST = 1.0, 0.05
"""Seconds after which it is looked, though nothing was heard, whether it is free; and at least between two looks."""
AGAIN, PAUSE = 5, 0.1
"""How often an end is said again whose row is locked at the moment, after so many seconds; after that its lease ends it."""


class Turn:
    """One try at what is owed. Unless told otherwise its row is settled by what was saved."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.finished: Finished | None = None

    def nothing(self) -> None:
        """There was nothing to do: the row goes."""
        self.finished = Finished(self.item, Ending.DONE)

    def more(self) -> None:
        """There is more to do, by whoever comes first."""
        self.finished = Finished(self.item, Ending.GIVEN_BACK)

    def failed(self, error: BaseException) -> None:
        """It is tried again, after a pause where it came to nothing, at once where its caller was stopped."""
        if isinstance(error, Exception):
            self.finished = Finished(self.item, Ending.GIVEN_BACK, wait=AWAY, error=error_text(error))
        else:
            self.more()


Row = tuple[UUID, str, str]


class Turns:
    """One per process."""

    def __init__(self, work: Work, hints: Hints | None = None, *, lease: float = LEASE) -> None:
        self._work, self._hints, self._lease = work, hints or Hints(), lease
        self._queues: WeakValueDictionary[Row, asyncio.Lock] = WeakValueDictionary()
        self._given: dict[Row, asyncio.Event] = {}
        """Turns whose lease came with the row; each is set at its end."""

    @asynccontextmanager
    async def take(
        self, tenant: UUID, kind: str, key: str, *, within: float, holder: UUID | None = None
    ) -> AsyncIterator[Turn | None]:
        """The turn, once it is free; None where nothing is owed any more, or it is not free within so many seconds.

        `holder`: who has the row's lease since it was made, and so the turn at once. Raises Unavailable. What is raised inside gives the
        row back.
        """
        row = (tenant, kind, key)
        if holder is not None:
            given = self._given[row] = asyncio.Event()
            try:
                async with self._turn(Item(*row, datetime.now(UTC), 1, 1, holder), SOON) as turn:
                    yield turn
            finally:
                given.set()
                if self._given.get(row) is given:
                    del self._given[row]
            return
        deadline = time.monotonic() + within
        if (queue := self._queues.get(row)) is None:
            queue = self._queues[row] = asyncio.Lock()
        try:
            async with asyncio.timeout(within):
                if queue.locked():
                    waits_long()  # it takes as long as another one's answer
                await queue.acquire()
        except TimeoutError:
            yield None
            return
        try:
            item = await self._leased(row, deadline)
            if item is None:
                yield None
                return
            async with self._turn(item, self._lease / 3) as turn:
                yield turn
        finally:
            queue.release()

    @asynccontextmanager
    async def _turn(self, item: Item, renewed: float) -> AsyncIterator[Turn]:
        """While it lasts its lease is renewed, after so many seconds for the first time."""
        turn, keeping = Turn(item), list[asyncio.Task[None]]()  # most turns are over before that

        def keep() -> None:
            keeping.append(asyncio.create_task(self._keep(item)))

        first = asyncio.get_running_loop().call_later(renewed, keep)
        try:
            yield turn
        except BaseException as error:
            turn.failed(error)
            raise
        finally:
            first.cancel()
            if keeping or turn.finished is not None:
                await run_to_end(self._end(turn, keeping))

    async def _leased(self, row: Row, deadline: float) -> Item | None:
        while (given := self._given.get(row)) is not None:
            try:
                async with asyncio.timeout_at(
                    deadline - time.monotonic() + asyncio.get_running_loop().time()
                ):
                    waits_long()
                    await given.wait()
            except TimeoutError:
                return None
        there, item = await self._work.lease(*row, self._lease)
        if item is not None or not there:
            return item
        waits_long()
        poll = LOOK if self._hints.far else POLL
        pause = max(REST, min(poll, deadline - time.monotonic()))
        async with aclosing(self._hints.about(row[0], pause)) as news:
            async for _ in news:
                left = deadline - time.monotonic()
                there, item = await self._work.lease(*row, self._lease)
                if item is not None or not there or left <= 0:
                    return item
                await asyncio.sleep(min(REST, left))
        return None

    async def _keep(self, item: Item) -> None:
        """Renew the lease. Where it is lost, another one does the same at the same time: the first to save wins."""
        while True:
            with suppress(Fault):  # it is tried again before the lease ends
                await self._work.renew([item], {item.kind: self._lease})
            await asyncio.sleep(self._lease / 3)

    async def _end(self, turn: Turn, keeping: list[asyncio.Task[None]]) -> None:
        await cancel_and_wait(*keeping)
        left = [] if turn.finished is None else [turn.finished]
        try:
            for _ in range(AGAIN):
                if not left:
                    break
                left = await self._work.finish(left)
                if left:
                    await asyncio.sleep(PAUSE)
        except Fault as error:
            log.warning("a turn's end was not said, its lease ends it: %s", error_text(error))
