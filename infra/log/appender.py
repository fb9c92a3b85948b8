"""Group commit: commands that wait at the same moment go to the database as one call of `append`.

While calls are in the air, commands gather for the next. Two commands of one stream or one inbox key are never in the air
together: the second waits for the first. A call whose outcome was lost with its connection is made again: the same events are
a duplicate then, not a conflict.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from application.ports import Fault, Unavailable
from infra.log.arguments import pack, unpack
from infra.log.command import Command, Verdict
from infra.log.fenced import closed
from infra.log.line import Line
from infra.postgres.cell import Cell
from infra.postgres.database import told
from infra.postgres.session import connect

log = logging.getLogger("retrace.log")

DEPTH = 2
"""Calls in the air: one that the server runs, one that it finds when it is done."""

LARGEST_BATCH = 256
"""Commands of one call."""

HEAVIEST_BATCH = 4 * 1024 * 1024
"""Bytes of payload of one call."""

TRIES = 6
"""Tries for a call that was lost or refused for the moment; about 6 s in all, and `append` refuses what is older than 15 s."""


class _Waiting:
    """A command, what it must not share the air with, and who waits for it."""

    __slots__ = ("claims", "command", "future", "weight")

    def __init__(self, command: Command, future: asyncio.Future[Verdict]) -> None:
        self.command = command
        self.future = future
        self.claims: list[Any] = [
            (command.tenant, event.stream) for event in command.events if event.previous is not None
        ]
        if command.inbox is not None:
            self.claims.append((command.tenant, command.inbox))
        self.weight = sum([len(event.payload) for event in command.events])


class _Batch:
    """The commands of one call. `lost`: how often it came to nothing."""

    __slots__ = ("all", "lost")

    def __init__(self, all: list[_Waiting]) -> None:
        self.all = all
        self.lost = 0


class Appender:
    """The only writer of a process, over one connection."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._line: Line[_Batch] | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._queue: deque[_Waiting] = deque()
        self._again: deque[_Batch] = deque()
        self._claimed: set[Any] = set()
        self._in_air = 0  # calls
        self._flying = 0  # their commands
        self._resting = 0
        self._due = False
        self._closed = False
        self._idle = asyncio.Event()

    async def __aenter__(self) -> Appender:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def append(self, command: Command) -> Verdict:
        """Store a command's events. Raises Unavailable when the outcome can't be learned."""
        if self._closed:
            raise Unavailable("the service is stopping; try again")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Verdict] = loop.create_future()
        self._queue.append(_Waiting(command, future))
        if not self._due:  # whoever is ready at this moment comes aboard
            self._due = True
            loop.call_soon(self._take_off)
        return await future

    async def close(self) -> None:
        """Wait for what is in the air and in the queue, then disconnect."""
        self._closed = True
        while self._in_air or self._resting or self._queue or self._again:
            self._idle.clear()
            await self._idle.wait()
        if self._connecting is not None:
            await self._connecting
        if self._line is not None:
            self._line.close()
            self._line = None

    def _take_off(self) -> None:
        self._due = False
        while self._in_air < DEPTH and (self._again or self._queue):
            if self._line is None:
                if self._connecting is None:
                    self._connecting = asyncio.create_task(self._connect())
                return
            if (batch := self._again.popleft() if self._again else self._board()) is None:
                break
            try:
                parameters = pack([waiting.command for waiting in batch.all])
                if self._cell.distributed:
                    parameters.insert(0, batch.all[0].command.tenant)
            except (ValueError, struct.error) as error:
                self._refused(batch, error)
                continue
            self._in_air += 1
            self._flying += len(batch.all)
            self._line.send(batch, parameters)
        if not (self._in_air or self._resting or self._queue):
            self._idle.set()

    def _board(self) -> _Batch | None:
        """The next batch. What can't fly now, for a claim that is taken, stays first in the queue."""
        # Batches of one size: while the server runs one, its callers' next commands become the other.
        most = min(LARGEST_BATCH, -(-(self._flying + len(self._queue)) // DEPTH))
        batch: list[_Waiting] = []
        held: list[_Waiting] = []
        blocked: set[Any] = set()
        weight = 0
        while self._queue and len(batch) < most and weight < HEAVIEST_BATCH:
            waiting = self._queue.popleft()
            if waiting.future.cancelled():
                continue
            claims = waiting.claims
            if self._cell.distributed and batch and waiting.command.tenant != batch[0].command.tenant:
                held.append(waiting)
                continue
            if not self._claimed.isdisjoint(claims) or not blocked.isdisjoint(claims):
                blocked.update(claims)  # whoever comes behind it with the same claim must not overtake
                held.append(waiting)
                continue
            self._claimed.update(claims)
            weight += waiting.weight
            batch.append(waiting)
        self._queue.extendleft(reversed(held))
        return _Batch(batch) if batch else None

    def _landed(self, batch: _Batch, result: PGresult) -> None:
        self._in_air -= 1
        self._flying -= len(batch.all)
        if result.status == ExecStatus.TUPLES_OK:
            verdicts = unpack(
                [waiting.command for waiting in batch.all],
                [result.get_value(0, column) for column in range(5)],
            )
            for waiting, verdict in zip(batch.all, verdicts, strict=True):
                if not waiting.future.done():
                    waiting.future.set_result(verdict)
            self._release(batch)
        else:
            error = psycopg.errors.error_from_result(result, encoding="utf-8")
            if isinstance(error, psycopg.DataError | psycopg.IntegrityError):
                self._refused(batch, error)
            elif isinstance(error, psycopg.errors.DiskFull | psycopg.errors.LockNotAvailable):
                self._fail([batch], error)  # it has waited already, or there will be no room within seconds
            elif isinstance(error, psycopg.OperationalError) and batch.lost < TRIES - 1:
                self._rest(batch)  # a deadlock with another process, a restart
            else:
                self._fail([batch], error)
        self._soon()

    def _refused(self, batch: _Batch, error: Exception) -> None:
        """A single command made the whole fail: each goes alone, so that only that one hears of it."""
        if len(batch.all) > 1:
            self._again.extend(_Batch([waiting]) for waiting in batch.all)
            return
        if not batch.all[0].future.done():
            batch.all[0].future.set_exception(closed(error) or error)
        self._release(batch)

    def _rest(self, batch: _Batch) -> None:
        self._resting += 1
        batch.lost += 1

        def rested() -> None:
            self._resting -= 1
            self._again.append(batch)
            self._take_off()

        asyncio.get_running_loop().call_later(0.05 * 2**batch.lost, rested)

    def _broken(self, lost: Sequence[_Batch], error: Exception) -> None:
        """The connection is gone; nobody knows whether these batches are done."""
        self._line = None
        self._in_air, self._flying = 0, 0
        for batch in lost:
            batch.lost += 1
        self._fail([batch for batch in lost if batch.lost >= TRIES], error)
        self._again.extendleft(reversed([batch for batch in lost if batch.lost < TRIES]))
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        """Connect anew. When that fails for long, all who wait hear of it."""
        try:
            for failed in range(TRIES):
                try:
                    connection = await connect(self._cell, "retrace_writer")
                    line = Line(connection, self._landed, self._broken, self._cell.distributed)
                    line.open()
                    self._line = line
                    return
                except (psycopg.Error, OSError, Fault) as error:
                    if failed < TRIES - 1:
                        await asyncio.sleep(0.1 * 2**failed)
                        continue
                    if isinstance(error, Fault):  # what does not pass by itself, with the way out
                        log.error("%s", error)
                    self._fail(self._again, error)
                    self._again.clear()
                    while self._queue:
                        _tell(self._queue.popleft(), error)
        finally:
            self._connecting = None
            self._soon()

    def _fail(self, batches: Iterable[_Batch], error: Exception) -> None:
        for batch in batches:
            for waiting in batch.all:
                _tell(waiting, error)
            self._release(batch)

    def _release(self, batch: _Batch) -> None:
        for waiting in batch.all:
            self._claimed.difference_update(waiting.claims)

    def _soon(self) -> None:
        """Those who have just heard come back with their next command first."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._take_off)


def _tell(waiting: _Waiting, error: Exception) -> None:
    if not waiting.future.done():
        text = f"the log did not take the write ({type(error).__name__}); try again"
        if isinstance(error, psycopg.errors.DiskFull):
            text = told(error)
        waiting.future.set_exception(Unavailable(text))
