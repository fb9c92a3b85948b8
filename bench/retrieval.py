"""Milliseconds, processor time and recall of each way to a tenant's passages: by vectors, by words, by both, and the whole retriever.

Beside them the exact query of pgvector alone (`bare`), the query of the build 8b59810 over one wide row a chunk (`wide`), and PostgreSQL's full text, asked
for any of the words, under the same policy, so that its GIN index is of no use to it. What is asked are six words of a chunk, some way from its vector.
At last the whole retriever is asked 50 times a second by all tenants, whether or not the last answer has come.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from itertools import cycle
from uuid import UUID, uuid4

import numpy as np
import psutil
import psycopg
import uvloop

from application.retrieval.hybrid import hybrid
from application.retrieval.query import Query, QuestionVector
from application.retrieval.retrieve import SourcesRetriever
from application.retrieval.sources.asking import InTime, Late
from application.retrieval.sources.index import IndexSource
from bench.corpus import MODEL, VOCABULARY, WORDS, Corpus, Question, copy_for_others
from bench.harness import Contestant, Floor, Result, conditions, parser, percentile, report, rounds
from bench.parts import now, opened
from bench.passages import WIDE_NEAREST
from bench.server import server
from infra.postgres.database import Database
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.vectors import PgVectors

BEST, ROUNDS = 10, 3
WAYS = ("bare", "wide", "vector", "keyword", "hybrid", "retriever", "fulltext")
RATE = 50
"""Questions a second at last."""

CONNECTIONS = 10
"""Of the pool."""

QUESTIONS = 100
"""Of each round; they come again where there is time for more."""

BARE = "SELECT document, ordinal FROM vectors WHERE tenant = $2 AND model = $3 ORDER BY embedding <=> $1::halfvec LIMIT $4"
FULL_TEXT = (
    "SELECT document, ordinal, content FROM texts WHERE tenant = $1 AND words @@ $2::tsquery "
    "ORDER BY ts_rank_cd(words, $2::tsquery) DESC, document, ordinal LIMIT $3"
)
Places = set[tuple[UUID, int]]


class Searching:
    def __init__(
        self, database: Database, vectors: PgVectors, retriever: SourcesRetriever | None, ms: float
    ) -> None:
        """`retriever`: None where that way is not asked; `ms` for a round."""
        self.database, self.vectors, self.retriever, self._ms = database, vectors, retriever, ms
        self._processes: list[psutil.Process] = []
        self._last: dict[int, float] = {}
        self._ways: dict[str, Callable[[UUID, Question], Awaitable[Places]]] = {
            "bare": partial(self._query, BARE), "wide": partial(self._query, WIDE_NEAREST), "vector": self._vector, "keyword": self._keyword,
            "hybrid": self._hybrid, "retriever": self._retriever, "fulltext": self._full_text,
        }  # fmt: skip

    def watch(self, backends: Sequence[int]) -> None:
        """The database's processes that are there now."""
        self._processes = [psutil.Process(), *map(psutil.Process, backends)]
        self._last.clear()

    async def fill(self, corpora: Sequence[Corpus]) -> float:
        """Milliseconds of the processor for a chunk that comes in."""
        used, count = self._used(), 0
        for corpus in corpora:
            for document, chunks in corpus.documents():
                await self.vectors.replace(corpus.tenant, document, "A manual", MODEL, chunks)
                count += len(chunks)
        return 1000 * (self._used() - used) / count

    def round(self, runner: asyncio.Runner, way: str, corpus: Corpus) -> dict[str, float]:
        return runner.run(self._round(way, corpus))

    async def _round(self, way: str, corpus: Corpus) -> dict[str, float]:
        """`recall`: how much of the ten nearest was found, by brute force; `hits`: how often the chunk that was asked for."""
        size, took, found = len(corpus.places), [], []
        questions = [corpus.question() for _ in range(QUESTIONS)]
        await self._ways[way](corpus.tenant, questions[-1])
        used, until = self._used(), time.perf_counter() + self._ms / 1000
        for question in cycle(questions):
            began = time.perf_counter()
            found.append(await self._ways[way](corpus.tenant, question))
            took.append(1000 * (time.perf_counter() - began))
            if len(took) >= 5 and time.perf_counter() >= until:
                break
        asked = list(zip(questions, found, strict=False))
        figures = {
            "p50_ms": percentile(took, 0.5),
            "p95_ms": percentile(took, 0.95),
            "cpu_ms": 1000 * (self._used() - used) / len(took),
            "hits": statistics.mean(question.place in places for question, places in asked),
        }
        if way in ("bare", "wide", "vector"):
            recalls = [
                len(places & corpus.nearest(question.vector, BEST)) / BEST for question, places in asked[:50]
            ]
            figures |= {"recall_worst": min(recalls), "recall_median": statistics.median(recalls)}
        return {f"{way}_{size}_{name}": figure for name, figure in figures.items()}

    async def steadily(self, corpora: Sequence[Corpus], seconds: float) -> dict[str, float]:
        """The whole retriever at `RATE`, the larger tenants less often (Zipf). From when each was due."""
        rng, took = np.random.default_rng(1), []
        shares = 1 / np.arange(1, len(corpora) + 1)

        async def ask(due: float) -> None:
            corpus = corpora[int(rng.choice(len(corpora), p=shares / shares.sum()))]
            await self._retriever(corpus.tenant, corpus.question())
            took.append(1000 * (time.perf_counter() - due))

        began, running, used = time.perf_counter(), set(), self._used()
        for number in range(int(RATE * seconds)):
            due = began + number / RATE
            await asyncio.sleep(due - time.perf_counter())
            running.add(asyncio.create_task(ask(due)))
        await asyncio.gather(*running)
        cores = (self._used() - used) / (time.perf_counter() - began)
        return {
            "steady_p50_ms": percentile(took, 0.5),
            "steady_p95_ms": percentile(took, 0.95),
            "steady_cores": cores,
        }

    def _used(self) -> float:
        """Seconds of the processor. A connection that was idle for long is closed: its process has what it had."""
        for process in self._processes:
            with suppress(psutil.NoSuchProcess):
                self._last[process.pid] = sum(process.cpu_times()[:2])
        return sum(self._last.values())

    async def _query(self, query: str, tenant: UUID, question: Question) -> Places:
        rows = await self.database.read(tenant, query, HalfVector(question.vector), tenant, MODEL, BEST)
        return {(row[0], row[1]) for row in rows}

    async def _vector(self, tenant: UUID, question: Question) -> Places:
        found = await self.vectors.search(tenant, question.vector, MODEL, BEST)
        return {(each.document, each.ordinal) for each in found.passages}

    async def _keyword(self, tenant: UUID, question: Question) -> Places:
        words = " ".join(question.words)
        found = await self.vectors.match(tenant, words, question.vector, MODEL, BEST)
        return {(each.document, each.ordinal) for each in found.passages}

    async def _hybrid(self, tenant: UUID, question: Question) -> Places:
        words = " ".join(question.words)
        ranked, _ = await hybrid(tenant, words, question.vector, MODEL, BEST, vectors=self.vectors)
        return {(each.passage.document, each.passage.ordinal) for each in ranked}

    async def _retriever(self, tenant: UUID, question: Question) -> Places:
        assert self.retriever is not None
        vector = QuestionVector(model=MODEL, values=tuple(question.vector))
        query = Query(tenant=tenant, text=" ".join(question.words), vector=vector, limit=BEST)
        return {(each.document, each.ordinal) for each in (await self.retriever.retrieve(query)).passages}

    async def _full_text(self, tenant: UUID, question: Question) -> Places:
        any_of = " | ".join(f"'{each}'" for each in question.words)
        rows = await self.database.read(tenant, FULL_TEXT, tenant, any_of, BEST)
        return {(row[0], row[1]) for row in rows}


def main() -> None:
    arguments = parser("ways to a tenant's passages", seconds=60)
    arguments.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[200, 5_000],
        metavar="N",
        help="chunks of the tenants; 50,000, which take five minutes to come in, have floors of their own",
    )
    given = arguments.parse_args()
    corpora = [Corpus(size, size) for size in sorted(given.sizes)]
    ms = 800 * given.seconds / (ROUNDS * len(WAYS) * len(corpora))
    with (
        server() as running,
        running.fresh() as url,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        stack = AsyncExitStack()
        log = runner.run(stack.enter_async_context(opened(url)))
        vectors = PgVectors(log.database, log.keyring)
        retriever = SourcesRetriever(
            sources=(IndexSource(vectors),),
            store=log.store,
            clock=now,
            in_time=InTime(seconds=10.0, late=Late()),
        )
        searching = Searching(log.database, vectors, retriever, ms)
        searching.watch(runner.run(_backends(log.database, url)))
        filled = runner.run(searching.fill(corpora))
        copy_for_others(url, corpora)
        running.checkpoint()
        searching.watch(runner.run(_backends(log.database, url)))
        contestants: list[Contestant] = [
            partial(searching.round, runner, way, corpus) for corpus in corpora for way in WAYS
        ]
        measured = rounds(contestants, ROUNDS)
        steady = runner.run(searching.steadily(corpora, given.seconds / 5))
        runner.run(stack.aclose())
    figures = measured.medians | steady | {"indexing_chunk_cpu_ms": filled}
    for size in map(len, [corpus.places for corpus in corpora]):
        for name, more, less in (
            ("keyword", "fulltext", "keyword"),
            ("vector", "wide", "vector"),
            ("retriever", "retriever", "bare"),
        ):
            figures[f"{name}_{size}_times_cpu"] = measured.ratio(
                f"{more}_{size}_cpu_ms", f"{less}_{size}_cpu_ms"
            )
    figures |= _recall(figures)
    _told(
        figures,
        corpora,
        conditions(running.version, rounds=ROUNDS, words=WORDS, vocabulary=VOCABULARY, best=BEST),
        given.json,
    )


def _recall(figures: dict[str, float]) -> dict[str, float]:
    """Of searches by vectors, over all tenants."""
    worst = [
        figure
        for name, figure in figures.items()
        if name.startswith("vector_") and name.endswith("_recall_worst")
    ]
    return {"recall_worst": min(worst), "recall_median": statistics.median(worst)}


def _told(
    figures: dict[str, float], corpora: Sequence[Corpus], facts: dict[str, object], as_json: bool
) -> None:
    largest = len(corpora[-1].places)
    ratio = figures[f"keyword_{largest}_times_cpu"]
    floors = [
        Floor(f"whole retriever at {RATE}/s, p95 in ms", figures["steady_p95_ms"], most=20),
        Floor(
            f"whole retriever × bare query at {largest:,}", figures[f"retriever_{largest}_times_cpu"], most=4
        ),
        Floor("recall of vectors, worst", figures["recall_worst"], least=0.99),
    ]
    if largest >= 50_000:
        floors += [
            Floor(f"words × full text at {largest:,}", ratio, least=20),
            Floor(f"vectors × wide rows at {largest:,}", figures[f"vector_{largest}_times_cpu"], least=2.5),
        ]
    report(
        Result(name="retrieval", ratio=ratio, figures=figures, floors=tuple(floors), conditions=facts),
        as_json,
    )


async def _backends(database: Database, url: str) -> list[int]:
    """The processes of the pool's connections."""
    await asyncio.gather(*(database.read(uuid4(), "SELECT pg_sleep(0.3)") for _ in range(CONNECTIONS)))
    with psycopg.connect(url) as connection:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in connection.execute(query).fetchall()]


if __name__ == "__main__":
    main()
