"""A worker gives a large tenant an index of its own, as the deployment's settings have it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import numpy as np

from application.operations.work import kinds
from application.ports import Chunk
from application.retrieval.vector_index import vector_index_of
from infra.embedded import Servers
from infra.redis.wakeups import Hints
from infra.retrieval.vector_index.keeping import keep_vector_indexes
from infra.settings import Secret, Settings
from interfaces.bootstrap import services
from interfaces.worker import workers

MASTER = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


async def test_a_worker_builds_the_index_of_a_large_tenant_and_of_no_other(
    database_url: str, servers: Servers, tmp_path: Path
) -> None:
    settings = Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url or ""),
        data=tmp_path,
        master_key=Secret(MASTER),
        vector_index_chunks=100,
    )
    rng, large, small = np.random.default_rng(3), uuid4(), uuid4()
    async with services(settings) as parts:
        for tenant, count in ((large, 100), (small, 20)):
            vectors = rng.normal(size=(count, 256))
            chunks = [
                Chunk(
                    id=f"c{n}",
                    ordinal=n,
                    page=None,
                    section=None,
                    tokens=1,
                    text="words",
                    embedding=each.tolist(),
                )
                for n, each in enumerate(vectors)
            ]
            await parts.vectors.replace(tenant, uuid4(), "x", "local/wordllama-256", chunks)
        crew = workers(kinds(parts), parts.system, Hints(), 2)
        running = [asyncio.create_task(worker.run()) for worker in crew]
        keeping = asyncio.create_task(
            keep_vector_indexes(parts.system, parts.vector_indexes, parts.index_rules)
        )
        try:
            async with asyncio.timeout(60):
                while True:
                    shown = await vector_index_of(large, indexes=parts.vector_indexes, store=parts.store)
                    if shown.status == "trial":
                        break
                    await asyncio.sleep(0.1)
        finally:
            keeping.cancel()
            for worker in crew:
                worker.stop()
            await asyncio.gather(*running)
        assert (shown.size.chunks, shown.bytes > 0) == (100, True)
        assert await parts.vector_indexes.standing(small) is None
