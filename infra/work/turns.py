"""Turns: a caller that waits for what is owed does it itself, while nobody else does, in this process or in another one.

It has the row's lease meanwhile, as a worker would. Whoever comes then waits: within the process for its end, and of other processes one
each looks now and then. If it dies, its lease ends, and the next one, or a worker, has its turn.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID
from weakref import WeakValueDictionary

from application.base.tasks import cancel_and_wait, run_to_end
from application.ports import Fault
from infra.work.attempt import AWAY
from infra.work.error_text import error_text
from infra.work.rows import Ending, Finished, Item, Work

log = logging.getLogger("retrace.work")

LEASE = 15.0
"""Seconds after which others may go on where a process has died. It is renewed while the turn lasts."""
FIRST_LOOK, LONGEST_LOOK = 0.1, 1.0
"""Seconds between looks whether it is free; they grow by half each time."""
AGAIN = 5
"""How often an end is said again whose row is locked at the moment; after that its lease ends it."""


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


class Turns:
    """One per process."""

    def __init__(self, work: Work, *, lease: float = LEASE) -> None:
        self._work, self._lease = work, lease
        self._queues: WeakValueDictionary[tuple[UUID, str, str], asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, tenant: UUID, kind: str, key: str, *, within: float) -> AsyncIterator[Turn | None]:
        """The turn, once it is free; None where nothing is owed any more, or it is not free within so many seconds.

        Raises Unavailable. What is raised inside gives the row back.
        """
        deadline = time.monotonic() + within
        row = (tenant, kind, key)
        if (queue := self._queues.get(row)) is None:
            queue = self._queues[row] = asyncio.Lock()
        try:
            async with asyncio.timeout(within):
                await queue.acquire()
        except TimeoutError:
            yield None
            return
        try:
            item = await self._leased(row, deadline)
            if item is None:
                yield None
                return
            turn, keeping = Turn(item), asyncio.create_task(self._keep(item))
            try:
                yield turn
            except BaseException as error:
                turn.failed(error)
                raise
            finally:
                await run_to_end(self._end(turn, keeping))
        finally:
            queue.release()

    async def _leased(self, row: tuple[UUID, str, str], deadline: float) -> Item | None:
        pause = FIRST_LOOK
        while True:
            there, item = await self._work.lease(*row, self._lease)
            left = deadline - time.monotonic()
            if item is not None or not there or left <= 0:
                return item
            await asyncio.sleep(min(pause, left))
            pause = min(pause * 1.5, LONGEST_LOOK)

    async def _keep(self, item: Item) -> None:
        """Renew the lease. Where it is lost, another one does the same at the same time: the first to save wins."""
        while True:
            await asyncio.sleep(self._lease / 3)
            with suppress(Fault):  # it is tried again before the lease ends
                await self._work.renew([item], {item.kind: self._lease})

    async def _end(self, turn: Turn, keeping: asyncio.Task[None]) -> None:
        await cancel_and_wait(keeping)
        left = [] if turn.finished is None else [turn.finished]
        try:
            for _ in range(AGAIN):
                if not left:
                    break
                left = await self._work.finish(left)
                if left:
                    await asyncio.sleep(FIRST_LOOK)
        except Fault as error:
            log.warning("a turn's end was not said, its lease ends it: %s", error_text(error))
