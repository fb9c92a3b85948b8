"""Chunks of tenants of several sizes, as our tables hold them and, the same ones, in one wide row each, as up to the build 8b59810."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from psycopg.types.numeric import Int4

from infra.retrieval.half_vector import HalfVector

MODEL = "bench/256"
DIMENSION = 256
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
A_DOCUMENT = 50
"""Chunks of a document."""

WIDE = """
SET LOCAL ROLE retrace_owner;
CREATE TABLE retrace.wide (
    tenant uuid NOT NULL, document uuid NOT NULL, ordinal integer NOT NULL, id text NOT NULL, model text NOT NULL,
    embedding public.halfvec NOT NULL, page integer, section bytea, tokens integer NOT NULL, title bytea NOT NULL, content bytea NOT NULL,
    PRIMARY KEY (tenant, document, ordinal)
);
ALTER TABLE retrace.wide ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX wide_model ON retrace.wide (tenant, model);
ALTER TABLE retrace.wide ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON retrace.wide USING (tenant = (SELECT retrace.tenant()));
GRANT SELECT ON retrace.wide TO retrace_app;
RESET ROLE
"""
"""The table of that build under the policy of today."""

WIDE_NEAREST = (
    "SELECT document, ordinal, id, page, section, title, content, 1 - (embedding <=> $1::halfvec) FROM wide "
    "WHERE tenant = $2 AND model = $3 ORDER BY embedding <=> $1::halfvec, document, ordinal LIMIT $4"
)

COLUMNS = {
    "wide": "tenant, document, ordinal, id, model, embedding, page, section, tokens, title, content",
    "chunks": "tenant, document, ordinal, id, page, section, tokens, title, content",
    "vectors": "tenant, document, ordinal, model, embedding, placed_at",
}


def query(rng: np.random.Generator) -> HalfVector:
    vector = rng.normal(size=DIMENSION)
    return HalfVector((vector / np.linalg.norm(vector)).tolist())


def fill(url: str, sizes: dict[UUID, int]) -> None:
    """Documents of all tenants in a mixed order, as they come in. Texts are random bytes, 1.2 to 2.4 kB, as sealed ones are."""
    chance = random.Random(7)
    owners = [tenant for tenant, size in sizes.items() for _ in range(size // A_DOCUMENT)]
    chance.shuffle(owners)
    with psycopg.connect(url) as connection:
        connection.execute(WIDE)
        for start in range(0, len(owners), 100):
            rows = list(_rows(owners[start : start + 100], chance, np.random.default_rng(start), start))
            for table, columns in COLUMNS.items():
                names = columns.split(", ")
                with connection.cursor().copy(
                    f"COPY retrace.{table} ({columns}) FROM STDIN (FORMAT binary)".encode()
                ) as copy:
                    for row in rows:
                        copy.write_row([row[name] for name in names])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE retrace.wide, retrace.chunks, retrace.vectors")


def _rows(
    owners: list[UUID], chance: random.Random, rng: np.random.Generator, start: int
) -> Iterator[dict[str, Any]]:
    for number, tenant in enumerate(owners, start):
        document = UUID(bytes=chance.randbytes(16))
        for ordinal in range(A_DOCUMENT):
            yield {
                "tenant": tenant,
                "document": document,
                "ordinal": Int4(ordinal),
                "id": chance.randbytes(16).hex(),
                "model": MODEL,
                "placed_at": BEGAN + timedelta(seconds=number),
                "embedding": query(rng),
                "page": Int4(ordinal // 3 + 1),
                "section": chance.randbytes(48),
                "tokens": Int4(400),
                "title": chance.randbytes(48),
                "content": chance.randbytes(chance.randint(1_200, 2_400)),
            }
