"""Tenants with many vectors in groups, as texts about few subjects have them; what exact search makes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import numpy as np
import psycopg

from application.ports import Chunk
from infra.postgres.database import Database
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.vector_index.indexes import PgVectorIndexes
from infra.retrieval.vector_index.known import KnownIndexes
from infra.retrieval.vector_index.sampling import RecallSampler
from infra.retrieval.vectors import PgVectors
from tests.cells import cell
from tests.infra.log.parts import Log, log_on

MODEL, DIMENSION = "local/wordllama-256", 256
"""A tenant's that has chosen none."""

A_DOCUMENT = 100


class Crowd:
    """All that searches, and builds indexes, on one database."""

    def __init__(self, log: Log, system: Database, seed: int = 5) -> None:
        self.log, self.system = log, system
        self.sampler = RecallSampler(log.database, serving=1.0)
        # What is known of an index counts for one search, so that no test waits.
        self.vectors = PgVectors(log.database, log.keyring, known=KnownIndexes(fresh=0), sampler=self.sampler)
        self.indexes = PgVectorIndexes(log.database, cell(log.url))
        self._rng = np.random.default_rng(seed)
        self._centers = self._rng.normal(size=(20, DIMENSION))

    def vector(self) -> list[float]:
        near = self._centers[self._rng.integers(len(self._centers))]
        made = near + self._rng.normal(size=DIMENSION)
        return [float(each) for each in made / np.linalg.norm(made)]

    async def fill(
        self, tenant: UUID, count: int, model: str = MODEL, dimension: int = DIMENSION
    ) -> list[UUID]:
        """Its documents, of `A_DOCUMENT` chunks each."""
        documents = [uuid4() for _ in range(-(-count // A_DOCUMENT))]
        for number, document in enumerate(documents):
            ordinals = range(min(A_DOCUMENT, count - number * A_DOCUMENT))
            chunks = [a_chunk(ordinal, self.vector()[:dimension]) for ordinal in ordinals]
            await self.vectors.replace(tenant, document, str(tenant), model, chunks)
        return documents

    async def nearest(self, tenant: UUID, vector: Sequence[float], limit: int = 10) -> list[float]:
        """How near the nearest are, as brute force has them."""
        query = "SELECT 1 - (embedding <=> $1::halfvec) AS near FROM vectors WHERE tenant = $2 ORDER BY near DESC LIMIT $3"
        rows = await self.log.database.read(tenant, query, HalfVector(vector), tenant, limit)
        return [max(row[0], 0.0) for row in rows]

    async def found(self, tenant: UUID, vector: Sequence[float], limit: int = 10) -> list[float]:
        """How near those are that a search finds, of which all must be the tenant's. What is known of indexes is up to date."""
        await self.vectors.search(tenant, vector, MODEL, 1)
        passages = (await self.vectors.search(tenant, vector, MODEL, limit)).passages
        assert {each.title for each in passages} <= {str(tenant)}
        return [each.score for each in passages]


def a_chunk(ordinal: int, vector: Sequence[float]) -> Chunk:
    return Chunk(
        id=f"c{ordinal}", ordinal=ordinal, page=None, section=None, tokens=1, text="–", embedding=vector
    )


@asynccontextmanager
async def crowd_on(url: str) -> AsyncIterator[Crowd]:
    async with log_on(url) as log, Database(cell(url), role="retrace_runner", size=2) as system:
        made = Crowd(log, system)
        yield made
        await made.vectors.close()
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace.vector_indexes")
        for name in own_indexes(url):
            superuser.execute(f"DROP INDEX retrace.{name}".encode())


def own_indexes(url: str) -> dict[str, bool]:
    """Name → whether it is valid, of all that there are."""
    query = (
        "SELECT relname::text, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
        "WHERE relname LIKE 'vectors\\_near\\_%'"
    )
    with psycopg.connect(url) as superuser:
        return dict(superuser.execute(query.encode()).fetchall())
