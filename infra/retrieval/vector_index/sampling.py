"""Recall of approximate indexes, measured on searches that were just made: the same vector again, exactly and by the index.

A vector is held in memory for as long as that takes, and kept nowhere; what is kept is how many of the nearest were found.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from uuid import UUID

import psycopg

from application.base.tasks import cancel_and_wait
from application.ports import Unavailable
from domain.retrieval.vector_index.promotion import EFS
from domain.retrieval.vector_index.recall import BEST
from infra.postgres.database import Database
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.nearest import INDEXED, by_index, distances, distances_by_index
from infra.retrieval.vector_index.known import KnownIndex

log = logging.getLogger("retrace.retrieval")

SERVING = 0.02
"""Of the searches by an index that serves, how many are measured; of those beside one on trial all that find nobody at it."""

ADD = (
    "INSERT INTO vector_recalls AS r (tenant, name, ef, found, queries) "
    "SELECT tenant, name, %s, %s, 1 FROM vector_indexes WHERE tenant = %s AND name = %s "
    "ON CONFLICT (tenant, name, ef, found) DO UPDATE SET queries = r.queries + 1"
)
"""Of an index that is still there."""


class RecallSampler:
    """One measurement at a time: what is searched meanwhile is not measured."""

    def __init__(self, database: Database, serving: float = SERVING) -> None:
        self._database, self._serving = database, serving
        self._task: asyncio.Task[None] | None = None

    def searched(self, tenant: UUID, index: KnownIndex, embedding: Sequence[float]) -> None:
        """Measure it, perhaps, after who has searched has gone on."""
        if self._task is not None and not self._task.done():
            return
        if index.ef is None or random.random() < self._serving:
            self._task = asyncio.create_task(self._measured(tenant, index, embedding))

    async def idle(self) -> None:
        """When nothing is being measured."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        if self._task is not None:
            await cancel_and_wait(self._task)

    async def _measured(self, tenant: UUID, index: KnownIndex, embedding: Sequence[float]) -> None:
        try:
            await self.measure(tenant, index, embedding)
        except (Unavailable, psycopg.Error) as error:
            log.info("a search was not measured: %s", type(error).__name__)

    async def measure(self, tenant: UUID, index: KnownIndex, embedding: Sequence[float]) -> None:
        """Chunks that are as near as the last of the nearest count as found: some are equally near."""
        values = [HalfVector(embedding), tenant, index.model, BEST]
        exactly = distances(index.dimension), values
        efs = EFS if index.ef is None else (index.ef,)
        statements = [
            part for ef in efs for part in (by_index(ef), (distances_by_index(index.dimension), values))
        ]
        first, *found = (await self._database.read_all(tenant, INDEXED, exactly, *statements))[1::2]
        [last] = (await self._database.read_all(tenant, INDEXED, exactly))[1:]
        if not first or first != last:
            return  # it changed meanwhile
        farthest = first[-1][0]
        lacking = BEST - len(first)
        async with self._database.tenant(tenant) as connection:
            for ef, rows in zip(efs, found, strict=True):
                near = sum(distance <= farthest for (distance,) in rows)
                await connection.execute(ADD, [ef, min(near, len(first)) + lacking, tenant, index.name])
