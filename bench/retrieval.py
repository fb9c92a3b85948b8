"""Milliseconds, and the database's processor time, of an exact search for the ten nearest of a tenant's chunks, texts included.

Beside it: the query of the build 8b59810 over one wide row a chunk, with the same chunks, tenants and connection. Both have to find the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from uuid import UUID, uuid4

import numpy as np
import psutil
import uvloop

from bench.harness import Contestant, Floor, Result, arguments, conditions, percentile, report, rounds
from bench.parts import MASTER
from bench.passages import DIMENSION, MODEL, WIDE_NEAREST, fill, query
from bench.server import server
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.nearest import INDEXED, nearest

SIZES = (200, 5_000, 50_000)
"""Chunks of the tenants that search."""

BEST = 10
ROUNDS = 5
COST = {200: 0.5, 5_000: 6.0, 50_000: 60.0}
"""Milliseconds that a search takes, roughly: each size has as much of a round's time as the others."""

STATEMENTS = {"covering": nearest(DIMENSION), "wide": WIDE_NEAREST}


class Searching:
    """One connection, and so one process of the database's, for all searches of both."""

    def __init__(self, database: Database, backend: int, tenants: dict[int, UUID], ms: float) -> None:
        self._database, self._tenants, self._ms = database, tenants, ms
        self._backend = psutil.Process(backend)
        self._rng = np.random.default_rng(11)

    def round(self, runner: asyncio.Runner, name: str, size: int) -> dict[str, float]:
        return runner.run(self._round(name, size))

    async def _round(self, name: str, size: int) -> dict[str, float]:
        queries = [query(self._rng) for _ in range(max(5, round(self._ms / COST[size])))]
        await self.found(name, size, queries[0])
        took, before = [], sum(self._backend.cpu_times()[:2])
        for each in queries:
            began = time.perf_counter()
            await self.found(name, size, each)
            took.append(1000 * (time.perf_counter() - began))
        used = 1000 * (sum(self._backend.cpu_times()[:2]) - before) / len(queries)
        return {
            f"{name}_{size}_p50_ms": percentile(took, 0.5),
            f"{name}_{size}_p95_ms": percentile(took, 0.95),
            f"{name}_{size}_cpu_ms": used,
        }

    async def found(self, name: str, size: int, vector: HalfVector) -> Sequence[tuple[UUID, int]]:
        tenant = self._tenants[size]
        statement = STATEMENTS[name], [vector, tenant, MODEL, BEST]
        first = [INDEXED] if name == "covering" else []
        rows = (await self._database.read_all(tenant, *first, statement))[-1]
        return [(row[0], row[1]) for row in rows]

    async def agree(self, size: int) -> None:
        for _ in range(5):
            vector = query(self._rng)
            one, other = [await self.found(name, size, vector) for name in STATEMENTS]
            if one != other or len(one) != BEST:
                raise AssertionError(f"the two found different chunks among {size}")


def main() -> None:
    given = arguments("searching a tenant's chunks")
    tenants = {size: uuid4() for size in SIZES}
    runs = ROUNDS * len(STATEMENTS) * len(SIZES)
    with (
        server() as running,
        running.fresh() as url,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        fill(url, {tenant: size for size, tenant in tenants.items()})
        running.checkpoint()
        stack = AsyncExitStack()
        database = runner.run(stack.enter_async_context(Database(Cell(url, MASTER), size=1)))
        [(backend,)] = runner.run(database.read(tenants[SIZES[0]], "SELECT pg_backend_pid()"))
        searching = Searching(database, backend, tenants, 1000 * given.seconds / runs)
        contestants: list[Contestant] = []
        for size in SIZES:
            runner.run(searching.agree(size))
            for name in STATEMENTS:
                contestants.append(partial(searching.round, runner, name, size))
        measured = rounds(contestants, ROUNDS)
        runner.run(stack.aclose())
    figures = measured.medians
    for size in SIZES:
        for figure in ("p50", "cpu"):
            figures[f"times_{size}_{figure}"] = measured.ratio(
                f"wide_{size}_{figure}_ms", f"covering_{size}_{figure}_ms"
            )
    result = Result(
        name="retrieval",
        ratio=figures[f"times_{SIZES[-1]}_cpu"],
        figures=figures,
        floors=(Floor("× wide rows at 50,000", figures[f"times_{SIZES[-1]}_cpu"], least=2.5),),
        conditions=conditions(
            running.version, rounds=ROUNDS, chunks=sum(SIZES), dimension=DIMENSION, best=BEST
        ),
    )
    report(result, given.json)


if __name__ == "__main__":
    main()
