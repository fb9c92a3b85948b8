"""Watches the replicas of a cell: which of them may be read from, and how far behind each is.

How far: the primary is asked each second how far its log has come, and a replica has all that was committed until the last moment whose
place in the log it has replayed. So one that gets nothing any more is behind too, which it does not know itself, and one of an idle primary is not.
"""

from __future__ import annotations

import asyncio
import logging
import time
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import psycopg

from application.base.tasks import cancel_and_wait
from application.ports import Fault, Unavailable
from infra.postgres.database import Database
from infra.postgres.session import Connection, connect
from infra.replicas.looking import Seen, primary_seen, standby_seen, unfit
from infra.replicas.replica import Replica
from infra.replicas.sight import Sight

log = logging.getLogger("retrace.database")

PERIOD = 1.0
"""Seconds between two looks."""

PATIENCE = 3.0
"""Seconds for one of them: what says nothing for so long is away."""

LONGEST = 30.0
"""Seconds between two tries of one that is away; the first ones come sooner."""


class Replicas:
    """Open it before use, close it after. `system` is the primary's, of role retrace_runner. `reads`: by where they were answered."""

    def __init__(
        self, replicas: Sequence[Replica], primary: Database, system: Database, bound: float
    ) -> None:
        self.all = tuple(replicas)
        self.reads = Counter[str]({"replica": 0, "primary": 0})
        self._primary, self._system = primary, system
        self._seen: deque[tuple[float, int]] = deque(maxlen=int(bound / PERIOD) + 60)
        self._now: Seen | None = None
        self._begun = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def sight(self, tenant: UUID, least: int) -> Sight:
        """Where one request of a tenant's reads, which has to see position `least` of its log."""
        return Sight(self._chosen(tenant), self._primary, least, self.reads)

    def _chosen(self, tenant: UUID) -> Replica | None:
        """The same one for a tenant as long as it may be read from, so that a figure does not go back from page to page."""
        first = tenant.int % len(self.all)
        return next((each for each in (*self.all[first:], *self.all[:first]) if each.usable), None)

    async def __aenter__(self) -> Replicas:
        self._tasks = [asyncio.create_task(self._watch_primary())]
        self._tasks += [asyncio.create_task(self._watch(replica)) for replica in self.all]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            await cancel_and_wait(task)
        for replica in self.all:
            await replica.close()

    async def _watch_primary(self) -> None:
        while True:
            at = time.monotonic()
            try:
                async with asyncio.timeout(PATIENCE), self._system.system() as connection:
                    seen = await primary_seen(connection)
                if self._seen and seen.reached < self._seen[-1][1]:
                    self._seen.clear()  # it is another one, which has taken its place
                self._seen.append((at, seen.reached))
                self._now = seen
                self._begun.set()
            except (Unavailable, TimeoutError):
                pass  # who asks the primary hears it; what is not known of replicas grows old by itself
            except psycopg.Error as error:
                log.error("how far the primary is can't be told", extra={"facts": {"reason": str(error)}})
            await asyncio.sleep(PERIOD)

    async def _watch(self, replica: Replica) -> None:
        connection: Connection | None = None
        pause = PERIOD / 4
        await self._begun.wait()
        while True:
            looking = asyncio.create_task(self._look(replica, connection))
            try:
                await asyncio.wait([looking], timeout=PATIENCE)
                why, connection = looking.result() if looking.done() else ("it says nothing", None)
            except (Fault, psycopg.Error) as error:
                why = (
                    str(error) if isinstance(error, Fault) else f"it does not answer ({type(error).__name__})"
                )
                connection = None
            except asyncio.CancelledError:
                await _given_up(looking)
                raise
            if why:
                replica.lost(why)  # at once: of a server that stands still a look ends seconds later only
                await _given_up(looking)
                connection = None
                pause = min(2 * pause, LONGEST)
            else:
                replica.well()
                pause = PERIOD
            try:
                await asyncio.sleep(pause)
            except asyncio.CancelledError:
                await _given_up(looking)
                raise

    async def _look(self, replica: Replica, connection: Connection | None) -> tuple[str, Connection]:
        """Why it may not be read from, and the connection that was used; how old what it has is, is noted. Raises Fault, psycopg.Error."""
        connection = connection or await connect(replica.cell, "retrace_runner")
        try:
            return await self._looked(replica, connection), connection
        except BaseException:
            await connection.close()
            raise

    async def _looked(self, replica: Replica, connection: Connection) -> str:
        if replica.cell.distributed:
            return "it is a Citus, of which no replica is read"
        assert self._now is not None
        standby = await standby_seen(connection)
        if (why := unfit(self._now, standby)) or standby is None:
            return why
        if replica.why:
            await replica.open()
        known = bisect_right(self._seen, standby.reached, key=lambda seen: seen[1])
        if known:
            replica.known_until = max(self._seen[known - 1][0], replica.known_until or 0.0)
        return ""


async def _given_up(looking: asyncio.Task[tuple[str, Connection]]) -> None:
    """Whatever came of it, its connection is not used again."""
    with suppress(Fault, psycopg.Error):
        await cancel_and_wait(looking)
    if not looking.cancelled() and looking.exception() is None:
        await looking.result()[1].close()
