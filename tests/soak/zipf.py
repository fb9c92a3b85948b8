"""Tenants of Zipf's sizes whose chunks lie in groups of their own, as texts about a few subjects do; some so evenly that no graph finds them well."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import psycopg
from psycopg.types.numeric import Int4

from application.ports import Chunk
from infra.postgres.database import Database
from infra.retrieval.chunk_context import context_of
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.vectors import PgVectors
from tests.infra.log.parts import Log

MODEL, DIMENSION = "local/wordllama-256", 256
A_DOCUMENT = 200
"""Chunks of a document at most."""

BEST = 10
UNEVEN = (0.3, 0.6, 1.0, 3.0)
"""Of tenants in turn: how far chunks lie from the middles of their groups; the last is hardly in groups at all."""

CHUNKS = ("tenant", "document", "ordinal", "id", "page", "section", "tokens", "title", "content")
VECTORS = ("tenant", "document", "ordinal", "model", "embedding")


class Shop:
    """A tenant. Whoever changes or checks it holds `turn`, so that nothing changes within a check."""

    def __init__(self, number: int, size: int, rng: np.random.Generator) -> None:
        self.id, self.size, self.at_first = UUID(bytes=rng.bytes(16)), size, size
        self.a_document = max(1, min(A_DOCUMENT, max(30, size // 8), size))
        self.turn = asyncio.Lock()
        self.documents: list[tuple[UUID, int]] = []
        self._rng = np.random.default_rng(rng.integers(2**63))
        self._middles = self._rng.normal(size=(3 + number % 30, DIMENSION))
        self._far = UNEVEN[number % len(UNEVEN)]

    def vectors(self, count: int) -> np.ndarray:  # type: ignore[type-arg]
        made = self._middles[self._rng.integers(len(self._middles), size=count)]
        made = made + self._rng.normal(size=(count, DIMENSION)) * self._far
        return np.asarray(made / np.linalg.norm(made, axis=1, keepdims=True))

    def question(self) -> list[float]:
        return [float(each) for each in self.vectors(1)[0]]

    def new_document(self) -> UUID:
        return UUID(bytes=self._rng.bytes(16))


def shops(tenants: int, chunks: int, seed: int) -> list[Shop]:
    """The largest first."""
    shares = 1 / np.arange(1, tenants + 1)
    rng = np.random.default_rng(seed)
    sizes = np.maximum(1, chunks * shares / shares.sum()).astype(int)
    return [Shop(number, int(size), rng) for number, size in enumerate(sizes)]


async def fill(log: Log, every: Sequence[Shop]) -> None:
    """As the pipeline would, at once; their texts have no words."""
    with psycopg.connect(log.url) as superuser:
        for shop in every:
            rows = [row async for row in _rows(log, shop)]
            for table, names in (("chunks", CHUNKS), ("vectors", VECTORS)):
                into = f"COPY retrace.{table} ({', '.join(names)}) FROM STDIN (FORMAT binary)"
                with superuser.cursor().copy(into.encode()) as copy:
                    for row in rows:
                        copy.write_row([row[name] for name in names])
            superuser.execute(
                "INSERT INTO retrace.posting_statistics (tenant, chunks) VALUES (%s, %s)",
                [shop.id, shop.size],
            )
    with psycopg.connect(log.url, autocommit=True) as superuser:
        superuser.execute("VACUUM ANALYZE retrace.vectors, retrace.chunks")


async def _rows(log: Log, shop: Shop) -> Any:
    encode = msgspec.msgpack.encode
    for start in range(0, shop.size, shop.a_document):
        document, count = shop.new_document(), min(shop.a_document, shop.size - start)
        shop.documents.append((document, count))
        for ordinal, vector in enumerate(shop.vectors(count)):
            about = context_of(document, ordinal)
            section, title, text = [
                await log.keyring.seal(shop.id, document, encode(each), about)
                for each in (None, str(shop.id), "–")
            ]
            yield {
                "tenant": shop.id,
                "document": document,
                "ordinal": Int4(ordinal),
                "id": f"c{ordinal}",
                "page": Int4(1),
                "section": section,
                "tokens": Int4(1),
                "title": title,
                "content": text,
                "model": MODEL,
                "embedding": HalfVector(vector.tolist()),
            }


async def add(vectors: PgVectors, shop: Shop) -> None:
    """A document more."""
    document, count = shop.new_document(), shop.a_document
    chunks = [
        Chunk(id=f"c{n}", ordinal=n, page=1, section=None, tokens=1, text="–", embedding=each.tolist())
        for n, each in enumerate(shop.vectors(count))
    ]
    await vectors.replace(shop.id, document, str(shop.id), MODEL, chunks)
    shop.documents.append((document, count))
    shop.size += count


async def recall(database: Database, vectors: PgVectors, shop: Shop) -> float:
    """Of one search. Raises AssertionError where it finds a row too few, or another tenant's."""
    question = shop.question()
    passages = (await vectors.search(shop.id, question, MODEL, BEST)).passages
    assert {each.title for each in passages} <= {str(shop.id)}, "another tenant's"
    query = "SELECT 1 - (embedding <=> $1::halfvec) AS near FROM vectors WHERE tenant = $2 ORDER BY near DESC LIMIT $3"
    expected = [
        max(row[0], 0.0) for row in await database.read(shop.id, query, HalfVector(question), shop.id, BEST)
    ]
    assert len(passages) == len(expected) == min(BEST, shop.size), f"of {shop.size}"
    return sum(each.score >= expected[-1] - 1e-9 for each in passages) / len(expected) if expected else 1.0


def in_turn(every: Sequence[Shop]) -> Iterator[Shop]:
    while True:
        yield from every
