"""Milliseconds and processor time of search by meaning, by words and by both, beside PostgreSQL's full text under the same policy.

Texts are of words of a language of Zipf's: what is asked are six words of a chunk, some way from its vector. Beside each time stands how often
that chunk is among the ten best. Full text is asked for any of the words, under a policy, so that its GIN index is of no use to it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import NamedTuple
from uuid import UUID, uuid4

import numpy as np
import psutil
import psycopg
import uvloop

from application.ports import Chunk
from application.retrieval.hybrid import hybrid
from bench.harness import Contestant, Floor, Result, conditions, parser, percentile, report, rounds
from bench.parts import MASTER
from bench.server import server
from infra.crypto.keyring import Keyring
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.retrieval.vectors import PgVectors

MODEL, DIMENSION = "bench/256", 256
BEST, ROUNDS = 10, 3
VOCABULARY, WORDS = 30_000, 200
"""Of the language; of a chunk."""
A_DOCUMENT = 1_000
"""Chunks of a document at most."""
ASKED = 6
"""Words of a question."""
WAYS = ("vector", "keyword", "hybrid", "fulltext")

TEXTS = """
SET LOCAL ROLE retrace_owner;
CREATE TABLE retrace.texts (tenant uuid NOT NULL, document uuid NOT NULL, ordinal integer NOT NULL, words tsvector NOT NULL, content text NOT NULL,
    PRIMARY KEY (tenant, document, ordinal));
CREATE INDEX texts_words ON retrace.texts USING gin (words);
CREATE INDEX texts_tenant ON retrace.texts (tenant);
ALTER TABLE retrace.texts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON retrace.texts USING (tenant = (SELECT retrace.tenant()));
GRANT SELECT ON retrace.texts TO retrace_app;
RESET ROLE
"""
FULL_TEXT = (
    "SELECT document, ordinal, content FROM texts WHERE tenant = $1 AND words @@ $2::tsquery "
    "ORDER BY ts_rank_cd(words, $2::tsquery) DESC, document, ordinal LIMIT $3"
)


class Question(NamedTuple):
    words: list[str]
    vector: list[float]
    place: tuple[UUID, int]


class Corpus:
    """Of one tenant."""

    def __init__(self, size: int, seed: int) -> None:
        self.tenant, self._rng = uuid4(), np.random.default_rng(seed)
        self._shares = 1 / np.arange(1, VOCABULARY + 1)
        self._shares /= self._shares.sum()
        names = [uuid4() for _ in range(-(-size // A_DOCUMENT))]
        self.places = [(names[number // A_DOCUMENT], number % A_DOCUMENT) for number in range(size)]
        self.vectors = self._rng.normal(size=(size, DIMENSION))
        self.words = [self._rng.choice(VOCABULARY, WORDS, p=self._shares) for _ in range(size)]

    def documents(self) -> Iterator[tuple[UUID, list[Chunk]]]:
        for start in range(0, len(self.places), A_DOCUMENT):
            numbers = range(start, min(start + A_DOCUMENT, len(self.places)))
            yield self.places[start][0], [self._chunk(number) for number in numbers]

    def text(self, number: int) -> str:
        return " ".join(map(word, self.words[number]))

    def question(self) -> Question:
        """Of a chunk, and not the commonest of its words, which nobody asks with."""
        number = int(self._rng.integers(len(self.places)))
        rare = np.unique(self.words[number][self.words[number] >= 50])
        asked = self._rng.choice(rare, min(ASKED, len(rare)), replace=False)
        vector = self.vectors[number] + self._rng.normal(size=DIMENSION) * 2
        return Question(list(map(word, asked)), _unit(vector), self.places[number])

    def _chunk(self, number: int) -> Chunk:
        return Chunk(
            id=f"{number:032x}",
            ordinal=self.places[number][1],
            page=1,
            section=None,
            tokens=WORDS,
            text=self.text(number),
            embedding=_unit(self.vectors[number]),
        )


class Searching:
    def __init__(
        self, database: Database, backends: Sequence[int], corpora: dict[int, Corpus], ms: float
    ) -> None:
        self.database, self.vectors = database, PgVectors(database, Keyring(database, MASTER))
        self._processes = [psutil.Process(), *map(psutil.Process, backends)]
        self._last: dict[int, float] = {}
        self._corpora, self._ms = corpora, ms
        self._ways: dict[str, Callable[[UUID, Question], Awaitable[set[tuple[UUID, int]]]]] = {
            "vector": self._vector, "keyword": self._keyword, "hybrid": self._hybrid, "fulltext": self._full_text
        }  # fmt: skip

    async def fill(self, url: str) -> float:
        """Milliseconds of the processor for a chunk that comes in."""
        used, count = self._used(), 0
        for corpus in self._corpora.values():
            for document, chunks in corpus.documents():
                await self.vectors.replace(corpus.tenant, document, "A manual", MODEL, chunks)
                count += len(chunks)
        took = 1000 * (self._used() - used) / count
        with psycopg.connect(url) as connection:
            connection.execute(TEXTS)
            into = "COPY retrace.texts (tenant, document, ordinal, words, content) FROM STDIN (FORMAT text)"
            for corpus in self._corpora.values():
                with connection.cursor().copy(into) as copy:
                    for number, (document, ordinal) in enumerate(corpus.places):
                        text = corpus.text(number)
                        copy.write_row((corpus.tenant, document, ordinal, _tsvector(text), text))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        return took

    def watch(self, backends: Sequence[int]) -> None:
        """The database's processes that are there now."""
        self._processes = [psutil.Process(), *map(psutil.Process, backends)]
        self._last.clear()

    def round(self, runner: asyncio.Runner, way: str, size: int) -> dict[str, float]:
        return runner.run(self._round(way, size))

    async def _round(self, way: str, size: int) -> dict[str, float]:
        corpus, took, hits = self._corpora[size], [], 0
        await self._ways[way](corpus.tenant, corpus.question())
        used, until = self._used(), time.perf_counter() + self._ms / 1000
        while len(took) < 5 or time.perf_counter() < until:
            question = corpus.question()
            began = time.perf_counter()
            found = await self._ways[way](corpus.tenant, question)
            took.append(1000 * (time.perf_counter() - began))
            hits += question.place in found
        return {
            f"{way}_{size}_p50_ms": percentile(took, 0.5),
            f"{way}_{size}_p95_ms": percentile(took, 0.95),
            f"{way}_{size}_cpu_ms": 1000 * (self._used() - used) / len(took),
            f"{way}_{size}_recall": hits / len(took),
        }

    def _used(self) -> float:
        """Seconds of the processor. A connection that was idle for long is closed: its process has what it had."""
        for process in self._processes:
            with suppress(psutil.NoSuchProcess):
                self._last[process.pid] = sum(process.cpu_times()[:2])
        return sum(self._last.values())

    async def _vector(self, tenant: UUID, question: Question) -> set[tuple[UUID, int]]:
        found = await self.vectors.search(tenant, question.vector, MODEL, BEST)
        return {(each.document, each.ordinal) for each in found.passages}

    async def _keyword(self, tenant: UUID, question: Question) -> set[tuple[UUID, int]]:
        words = " ".join(question.words)
        found = await self.vectors.match(tenant, words, question.vector, MODEL, BEST)
        return {(each.document, each.ordinal) for each in found.passages}

    async def _hybrid(self, tenant: UUID, question: Question) -> set[tuple[UUID, int]]:
        words = " ".join(question.words)
        ranked, _ = await hybrid(tenant, words, question.vector, MODEL, BEST, vectors=self.vectors)
        return {(each.passage.document, each.passage.ordinal) for each in ranked}

    async def _full_text(self, tenant: UUID, question: Question) -> set[tuple[UUID, int]]:
        any_of = " | ".join(f"'{each}'" for each in question.words)
        rows = await self.database.read(tenant, FULL_TEXT, tenant, any_of, BEST)
        return {(row[0], row[1]) for row in rows}


def word(number: int) -> str:
    """Of the language: syllables, so that it has no stem."""
    name, number = "", int(number) + 20
    while number:
        number, rest = divmod(number, 20)
        name += "bdfgklmnprtvzjhcxwqs"[rest] + "aoui"[rest % 4]
    return name


def _tsvector(text: str) -> str:
    places: dict[str, list[int]] = {}
    for place, each in enumerate(text.split(), 1):
        places.setdefault(each, []).append(place)
    return " ".join(f"'{each}':{','.join(map(str, where))}" for each, where in sorted(places.items()))


def _unit(vector: np.ndarray) -> list[float]:  # type: ignore[type-arg]
    return (vector / np.linalg.norm(vector)).tolist()  # type: ignore[no-any-return]


def main() -> None:
    arguments = parser("searching by words and meaning")
    arguments.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[200, 5_000, 50_000],
        metavar="N",
        help="chunks of the tenants",
    )
    given = arguments.parse_args()
    corpora = {size: Corpus(size, size) for size in sorted(given.sizes)}
    ms = 1000 * given.seconds / (ROUNDS * len(WAYS) * len(corpora))
    with (
        server() as running,
        running.fresh() as url,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        stack = AsyncExitStack()
        database = runner.run(stack.enter_async_context(Database(Cell(url, MASTER), size=2)))
        searching = Searching(database, runner.run(_backends(database, url)), corpora, ms)
        filled = runner.run(searching.fill(url))
        running.checkpoint()
        searching.watch(runner.run(_backends(database, url)))
        contestants: list[Contestant] = [
            partial(searching.round, runner, way, size) for size in corpora for way in WAYS
        ]
        measured = rounds(contestants, ROUNDS)
        runner.run(stack.aclose())
    figures = measured.medians | {"indexing_chunk_cpu_ms": filled}
    for size in corpora:
        figures[f"times_{size}_cpu"] = measured.ratio(f"fulltext_{size}_cpu_ms", f"keyword_{size}_cpu_ms")
    largest = max(corpora)
    ratio = figures[f"times_{largest}_cpu"]
    floors = (Floor(f"× full text at {largest:,}", ratio, least=20),) if largest >= 50_000 else ()
    facts = conditions(running.version, rounds=ROUNDS, words=WORDS, vocabulary=VOCABULARY, best=BEST)
    report(Result(name="hybrid", ratio=ratio, figures=figures, floors=floors, conditions=facts), given.json)


async def _backends(database: Database, url: str) -> list[int]:
    """The processes of the pool's two connections."""
    tenant = uuid4()
    await asyncio.gather(*(database.read(tenant, "SELECT pg_sleep(0.2)") for _ in range(2)))
    with psycopg.connect(url) as connection:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in connection.execute(query).fetchall()]


if __name__ == "__main__":
    main()
