"""Checks the beginning of a log stretch by stretch, in several processes at a time, and joins the stretches in their order.

What a process needs to know of another one's stretch is a fraction of what that has read. Where anything is wrong in a stretch, or between
two, that is all this says: who calls reads the whole again, in order, to name it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio import Future
from collections import deque
from collections.abc import Callable
from subprocess import DEVNULL, PIPE, Popen
from uuid import UUID

from psycopg.pq.abc import PGresult

from infra.audit.chain import Chain
from infra.audit.helper import Answer, Request, receive, send
from infra.audit.pages import PAGE, Fetch, rows_of
from infra.audit.roots import Roots
from infra.audit.stretch import Stretch, check
from infra.postgres.database import Database

log = logging.getLogger("retrace.audit")

STRETCH = 2 * PAGE
"""Numbers that are checked by one process at a time."""

LEAST = 6 * STRETCH
"""Events from which on other processes are worth their start."""

AHEAD = 2
"""Stretches that are asked for at a time, of the database and of a helper, so that neither ever waits for the next."""


def cores() -> int:
    """Processes that verify a long log together: as many as there are cores, up to eight."""
    return min(8, len(os.sched_getaffinity(0)))


class Together:
    """For one verification, of the numbers up to `covered`."""

    def __init__(
        self,
        chain: Chain,
        roots: Roots,
        covered: int,
        database: Database,
        tenant: UUID,
        progress: Callable[[int], None],
    ) -> None:
        self._chain, self._roots, self._progress = chain, roots, progress
        self._covered, self._database, self._tenant = covered, database, tenant
        self._left = deque(range(0, covered, STRETCH))
        self._found: dict[int, Stretch | None] = {}
        self._helpers: list[Popen[bytes]] = []
        self._over = False

    async def run(self, fetch: Fetch, helpers: int) -> bool:
        """Whether all is well, and joined."""
        loop = asyncio.get_running_loop()
        helpers = helpers if self._covered >= LEAST else 0
        helping = {loop.run_in_executor(None, self._help) for _ in range(helpers)}
        try:
            while self._left or helping:
                if not await self._work(fetch):
                    return False
                if helping:  # one that has ended before its time leaves something to do
                    _, helping = await asyncio.wait(helping, return_when=asyncio.FIRST_COMPLETED)
            return await self._joined() and self._chain.seq == self._covered
        finally:
            self._over = True
            for each in self._helpers:
                each.kill()
            if helping:
                await asyncio.wait(helping)

    async def _work(self, fetch: Fetch) -> bool:
        """This process's part, until nothing is left to begin."""
        begun: deque[tuple[int, Future[PGresult]]] = deque()
        while True:
            while len(begun) < AHEAD and (after := self._next()) is not None:
                begun.append((after, fetch(after, self._size(after))))
            if not begun:
                return True
            after, result = begun.popleft()
            self._found[after] = check(after, rows_of(await result))
            if not await self._joined():
                return False

    def _next(self) -> int | None:
        try:
            return self._left.popleft()
        except IndexError:
            return None

    def _size(self, after: int) -> int:
        return min(STRETCH, self._covered - after)

    async def _joined(self) -> bool:
        """Join what has come to its turn. False: something is wrong."""
        chain = self._chain
        while chain.seq in self._found:
            stretch = self._found.pop(chain.seq)
            if stretch is None or not chain.join(stretch):
                return False
            await self._roots.check(chain.leaves)
            self._progress(chain.seq)
        return not self._roots.findings

    def _help(self) -> None:
        """In a thread: have a process check stretches until none is left. What it does not do is left to others."""
        command = [sys.executable, "-m", "infra.audit.helper"]
        cell, role = self._database.cell, self._database.role
        conninfo, context = cell.conninfo(role), cell.context(self._tenant)
        request = Request(conninfo=conninfo, context=context, tenant=self._tenant)
        asked: deque[int] = deque()
        try:
            with Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL) as helper:
                assert helper.stdin is not None
                assert helper.stdout is not None
                self._helpers.append(helper)
                try:
                    send(helper.stdin, request)
                    while not self._over:
                        while len(asked) < AHEAD and (after := self._next()) is not None:
                            asked.append(after)
                            send(helper.stdin, (after, self._size(after)))
                        if not asked:
                            return
                        self._found[asked[0]] = receive(helper.stdout, Answer).stretch
                        asked.popleft()
                finally:
                    helper.kill()
        except (EOFError, OSError) as error:  # also where there is no room for another process
            if not self._over:
                log.warning(
                    "a process does not help to verify (%s); the others do its part", type(error).__name__
                )
        finally:
            self._left.extendleft(reversed(asked))
