"""Which events are owed to webhooks: a table in memory, looked up by every save of this process, and read again every few seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import psycopg

from application.base.tasks import cancel_and_wait
from application.ports import WEBHOOK_WORK, Due, Fault
from infra.postgres.database import Database

log = logging.getLogger("retrace.work")

EVERY = 2.0
"""Seconds between two looks. What was saved meanwhile is found by the line's own look (SETTLING in application/webhooks/deliver.py)."""


class Subscribed:
    """One per process; `system` has the role `retrace_runner`."""

    def __init__(self, system: Database) -> None:
        self._system = system
        self._lines: dict[UUID, dict[str, frozenset[str]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Subscribed:
        await self._look()
        self._task = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            await cancel_and_wait(self._task)

    def owed(self, tenant: UUID, topics: Iterable[str]) -> Sequence[Due]:
        """What a save of events of these topics owes, beside what it says itself."""
        lines = self._lines.get(tenant)
        if not lines:
            return ()
        saved, now = set(topics), datetime.now(UTC)
        return [
            Due(kind=WEBHOOK_WORK, key=line, due_at=now)
            for line, wanted in lines.items()
            if not saved.isdisjoint(wanted)
        ]

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._look()
            except (Fault, psycopg.Error) as error:
                log.warning("cannot read which events are owed to webhooks: %s", type(error).__name__)

    async def _look(self) -> None:
        query = "SELECT tenant, line, topics FROM webhook_lines WHERE last IS NULL"
        async with self._system.system() as connection:
            rows = await (await connection.execute(query, prepare=True)).fetchall()
        found: dict[UUID, dict[str, frozenset[str]]] = {}
        for tenant, line, topics in rows:
            found.setdefault(tenant, {})[line] = frozenset(topics)
        self._lines = found
