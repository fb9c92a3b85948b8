"""One read replica (hot standby): its pools, and whether it may be read from just now."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg_pool import PoolTimeout

from application.base.tasks import cancel_and_wait
from application.ports import Fault, Unavailable
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.server_urls import place_of

T = TypeVar("T")
log = logging.getLogger("retrace.database")

PATIENCE = 0.5
"""Seconds that a read waits for a connection to it, before the primary is asked."""

SIZE, SYSTEM_SIZE = 10, 2
"""Connections of a process to each."""

REST, LONGEST_REST = 1.0, 30.0
"""Seconds for which it is left alone after it has cancelled a read (a conflict with recovery), doubled each time that follows."""

CONFLICTS = (psycopg.errors.SerializationFailure, psycopg.errors.QueryCanceled)
"""What a standby ends a read with whose rows the primary has cleaned away."""


class Replica:
    """`bound`: seconds that it may be behind. What is wrong with it stands in `why`; it begins as one that was not looked at."""

    def __init__(self, cell: Cell, bound: float) -> None:
        self.cell, self.place = cell, place_of(cell.url)
        self.database, self.system = self._pools()
        self.why = "it was not looked at yet"
        self.known_until: float | None = None
        """Moment (monotonic) until which it has all that was committed."""

        self._bound = bound
        self._rest, self._resting_until = REST, 0.0
        self._tasks: set[asyncio.Task[Any]] = set()
        """What is asked of it, and what comes to its end there."""

        self._lost: asyncio.Future[None] | None = None
        """Done while it is lost."""

    @property
    def lag(self) -> float:
        """Seconds that it is behind at most; infinite where that is not known."""
        return float("inf") if self.known_until is None else time.monotonic() - self.known_until

    @property
    def hindered(self) -> str:
        """Why it is not read from; empty where it is."""
        if self.why:
            return self.why
        if self.lag > self._bound:
            return f"it is {self.lag:.0f} s behind, and may be {self._bound:.0f}"
        if time.monotonic() < self._resting_until:
            return "it has cancelled a read a moment ago (a conflict with recovery)"
        return ""

    @property
    def usable(self) -> bool:
        return not self.hindered

    async def ask(self, question: Coroutine[Any, Any, T]) -> T:
        """What it answers. Raises what that raises; Unavailable at once where it is lost meanwhile. What is under way there then ends by itself:
        of a server that stands still that takes seconds."""
        task = asyncio.create_task(question)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        if self._lost is None:
            self._lost = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait((task, self._lost), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            with suppress(Fault, psycopg.Error):
                await cancel_and_wait(task)
            raise
        if task.done():
            return task.result()
        task.cancel()
        raise Unavailable(f"the replica {self.place} says nothing any more")

    def well(self) -> None:
        """It was looked at and may be read from."""
        if self.why:
            log.info("a replica is read from", extra={"facts": {"replica": self.place}})
        if self.why or (self._lost is not None and self._lost.done()):
            self._lost = None
        self.why = ""

    def lost(self, why: str) -> None:
        """It may not, until it was looked at again; what is under way there ends."""
        if self.why != why:
            log.warning("a replica is left out", extra={"facts": {"replica": self.place, "reason": why}})
        self.why = why
        if self._lost is None:
            self._lost = asyncio.get_running_loop().create_future()
        if not self._lost.done():
            self._lost.set_result(None)

    def answered(self) -> None:
        """It has answered a read."""
        self._rest = REST

    def failed(self, error: Exception) -> None:
        """It has not. The primary was asked instead, so this is about those who come after."""
        cause = error.__cause__ if isinstance(error, Fault) else error
        facts = {"replica": self.place, "error": type(cause or error).__name__}
        log.warning("a read goes on at the primary, as a replica failed", extra={"facts": facts})
        if isinstance(cause, CONFLICTS):
            self._resting_until = time.monotonic() + self._rest
            self._rest = min(2 * self._rest, LONGEST_REST)
        elif isinstance(cause, PoolTimeout | TimeoutError):
            return  # it is busy, or away, which whoever watches it finds out
        elif not self.why and (isinstance(error, Fault) or isinstance(cause, psycopg.OperationalError)):
            self.lost(f"it does not answer ({type(cause or error).__name__})")

    async def open(self) -> None:
        """New pools: those from before it was lost would try to mend their connections for seconds first. Raises Fault."""
        former, (self.database, self.system) = (self.database, self.system), self._pools()
        await self.database.open()
        await self.system.open()
        for database in former:
            task = asyncio.create_task(database.close())
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    async def close(self) -> None:
        await self.database.close()
        await self.system.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited for it has it, and nobody else wants it

    def _pools(self) -> tuple[Database, Database]:
        app = Database(self.cell, size=SIZE, patience=PATIENCE)
        return app, Database(self.cell, role="retrace_runner", size=SYSTEM_SIZE, patience=PATIENCE)
