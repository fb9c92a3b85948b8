"""What a tenant's search takes among few chunks of other tenants, and among very many: by vectors, texts included.

Two databases with the same tenants that search, side by side in the same rounds; only what the others have differs.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from itertools import cycle
from uuid import UUID, uuid4

import numpy as np
import psutil
import psycopg
import uvloop
from psycopg.types.numeric import Int4

from application.ports import Chunk
from bench.corpus import DIMENSION, MODEL
from bench.harness import Contestant, Floor, Result, conditions, parser, percentile, report, rounds
from bench.parts import MASTER
from bench.server import server
from infra.crypto.keyring import Keyring
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.vectors import PgVectors

SIZES = (200, 5_000)
"""Chunks of the tenants that search."""

FEW, MANY = 10_000, 1_000_000
"""Chunks of the others."""

A_TENANT, POOL = 300, 2_000
"""Chunks of each of the others; vectors that theirs are taken from."""

A_DOCUMENT = 500
BEST, ROUNDS = 10, 6


class Among:
    """One of the databases. A single connection, and so one process of the server's, does all searches."""

    def __init__(self, database: Database, ms: float) -> None:
        self.tenants = {size: uuid4() for size in SIZES}
        self._database, self._vectors, self._ms = database, PgVectors(database, Keyring(database, MASTER)), ms
        self._process = psutil.Process()

    async def begin(self, url: str, others: int) -> None:
        await self._fill(url, others)
        [(backend,)] = await self._database.read(uuid4(), "SELECT pg_backend_pid()")
        self._process = psutil.Process(backend)

    def round(self, runner: asyncio.Runner, name: str, size: int) -> dict[str, float]:
        return runner.run(self._round(name, size))

    async def _round(self, name: str, size: int) -> dict[str, float]:
        rng, took = np.random.default_rng(5), []
        questions = [_vector(rng) for _ in range(50)]
        await self._vectors.search(self.tenants[size], questions[0], MODEL, BEST)
        used, until = sum(self._process.cpu_times()[:2]), time.perf_counter() + self._ms / 1000
        for question in cycle(questions):
            began = time.perf_counter()
            await self._vectors.search(self.tenants[size], question, MODEL, BEST)
            took.append(1000 * (time.perf_counter() - began))
            if len(took) >= 20 and time.perf_counter() >= until:
                break
        cpu = 1000 * (sum(self._process.cpu_times()[:2]) - used) / len(took)
        return {f"{name}_{size}_p50_ms": percentile(took, 0.5), f"{name}_{size}_cpu_ms": cpu}

    async def _fill(self, url: str, others: int) -> None:
        rng = np.random.default_rng(7)
        pool = [HalfVector(_vector(rng)) for _ in range(POOL)]
        every = [uuid4() for _ in range(-(-others // A_TENANT))]
        with psycopg.connect(url) as connection:
            into = "COPY retrace.vectors (tenant, document, ordinal, model, embedding) FROM STDIN (FORMAT binary)"
            with connection.cursor().copy(into) as copy:
                for number in range(others):  # of all in turn, as they come in
                    tenant, document = every[number % len(every)], UUID(bytes=rng.bytes(16))
                    copy.write_row([tenant, document, Int4(0), MODEL, pool[number % POOL]])
        for size, tenant in self.tenants.items():
            chunks = [_chunk(number, rng) for number in range(size)]
            for start in range(0, size, A_DOCUMENT):
                await self._vectors.replace(
                    tenant, uuid4(), "A manual", MODEL, chunks[start : start + A_DOCUMENT]
                )
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE retrace.vectors, retrace.chunks")


def _vector(rng: np.random.Generator) -> list[float]:
    made = rng.normal(size=DIMENSION)
    return [float(each) for each in made / np.linalg.norm(made)]


def _chunk(number: int, rng: np.random.Generator) -> Chunk:
    return Chunk(
        id=f"{number:032x}",
        ordinal=number % A_DOCUMENT,
        page=1,
        section=None,
        tokens=400,
        text="Words. " * 200,
        embedding=_vector(rng),
    )


def main() -> None:
    arguments = parser("a tenant's search among others' chunks")
    arguments.add_argument(
        "--others", type=int, default=MANY, metavar="N", help="chunks of the others (default: %(default)d)"
    )
    given = arguments.parse_args()
    amounts = {"few": FEW, "many": given.others}
    ms = 1000 * given.seconds / (ROUNDS * len(SIZES) * len(amounts))
    with (
        ExitStack() as databases,
        server() as running,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        stack, among = AsyncExitStack(), {}
        for name, amount in amounts.items():
            url = databases.enter_context(running.fresh())
            database = runner.run(stack.enter_async_context(Database(Cell(url, MASTER), size=1)))
            among[name] = Among(database, ms)
            runner.run(among[name].begin(url, amount))
        contestants: list[Contestant] = [
            partial(each.round, runner, name, size) for size in SIZES for name, each in among.items()
        ]
        running.checkpoint()
        measured = rounds(contestants, ROUNDS)
        runner.run(stack.aclose())
        databases.close()
    figures = measured.medians
    for size in SIZES:
        for figure in ("p50", "cpu"):
            figures[f"times_{size}_{figure}"] = measured.ratio(
                f"many_{size}_{figure}_ms", f"few_{size}_{figure}_ms"
            )
    floors = [
        Floor(f"many × few, processor, {size:,} chunks", figures[f"times_{size}_cpu"], most=1.2)
        for size in SIZES
    ]
    facts = conditions(
        running.version, rounds=ROUNDS, few=FEW, many=given.others, dimension=DIMENSION, best=BEST
    )
    report(
        Result(
            name="growth",
            ratio=figures[f"times_{SIZES[-1]}_cpu"],
            figures=figures,
            floors=tuple(floors),
            conditions=facts,
        ),
        given.json,
    )


if __name__ == "__main__":
    main()
