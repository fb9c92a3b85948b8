"""How vectors lie in the database: apart from the texts, in an index that answers alone; those of an earlier version are moved there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from infra.crypto.keyring import Keyring
from infra.embedded import Servers
from infra.postgres.database import Database
from infra.projections import read_models
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.nearest import COVERED, INDEXED, nearest
from infra.retrieval.vectors import COUNT, PgVectors
from infra.schema import migrate as migrations
from infra.schema.migrate import SCHEMA, migrate
from tests.cells import cell

MODEL, MASTER = "test/model", b"m" * 32


@pytest.fixture(name="earlier")
def _earlier(servers: Servers, template: str) -> Iterator[str]:
    """A database with nothing in it yet, beside one of today: roles are those of both."""
    admin = servers.database_url.replace("/retrace?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CREATE DATABASE earlier")
    yield servers.database_url.replace("/retrace?", "/earlier?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("DROP DATABASE earlier WITH (FORCE)")


async def test_vectors_of_an_earlier_version_are_found_after_the_migration(
    earlier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in SCHEMA.glob("*.sql"):
        if file.name < "210":
            shutil.copy(file, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "SCHEMA", tmp_path)
        patch.setattr(read_models, "PUBLISHED", frozenset())  # there were no views then
        patch.setattr(read_models, "publish", AsyncMock())
        await migrate(cell(earlier))
    documents = {uuid4(): (8, "small"), uuid4(): (3072, "large")}
    tenant = uuid4()
    async with Database(cell(earlier), size=2) as database:
        keyring = Keyring(database, MASTER)
        rows = [
            await _wide(keyring, tenant, document, ordinal, *facts)
            for document, facts in documents.items()
            for ordinal in range(3)
        ]
    insert = "INSERT INTO retrace.chunks VALUES (%s, %s, %s, %s, %s, %s::public.halfvec, %s, %s, %s, %s, %s)"
    with psycopg.connect(earlier) as superuser:
        superuser.cursor().executemany(insert, rows)
    await migrate(cell(earlier))
    async with Database(cell(earlier), size=2) as database:
        vectors = PgVectors(database, Keyring(database, MASTER))
        for document, (dimension, model) in documents.items():
            found = (await vectors.search(tenant, _axis(2, dimension), model, 10)).passages
            assert [each.ordinal for each in found] == [2, 0, 1]
            assert {each.document for each in found} == {document}
            assert (found[0].text, found[0].title, found[0].page) == ("text 2", "Title", 3)
    with psycopg.connect(earlier) as superuser:
        query = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'chunks' AND column_name IN ('model', 'embedding')"
        assert superuser.execute(query).fetchone() == (0,)


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_exact_search_reads_the_index_alone_and_texts_by_their_keys(
    database_url: str, mode: str
) -> None:
    """Whoever it is made for: among few tenants the planner would read the whole table, for a small one too."""
    small, large, document = uuid4(), uuid4(), uuid4()
    with psycopg.connect(database_url, autocommit=True) as superuser:
        _fill(superuser, small, document, 40)
        _fill(superuser, large, document, 2_000)
        superuser.execute("VACUUM ANALYZE retrace.vectors, retrace.chunks")
    async with Database(cell(database_url), size=1) as database:
        for tenant in (large, small):
            plan = await _plan(database, tenant, mode, nearest(256), _axis(3, 256), tenant, MODEL, 10)
            assert "Index Only Scan using vectors_exact on vectors" in plan
            assert "Heap Fetches: 0" in plan
            assert "Index Scan using chunks_pkey on chunks" in plan
            assert "loops=10" in plan
            assert "Seq Scan" not in plan
            assert "Filter: (vector_dims" not in plan
            plan = await _plan(database, tenant, mode, COUNT, tenant, MODEL, 501)
            assert "Index Only Scan" in plan
            assert "Seq Scan" not in plan


async def _plan(database: Database, tenant: UUID, mode: str, statement: str, *values: Any) -> str:
    async with database.tenant(tenant) as connection:
        await connection.execute(INDEXED[0])
        await connection.execute(f"SET LOCAL plan_cache_mode = {mode}".encode())
        await connection.execute(f"PREPARE statement AS {statement}".encode())
        given = ", ".join(str(each) if isinstance(each, int) else f"'{each}'" for each in values)
        lines = await (
            await connection.execute(f"EXPLAIN (ANALYZE) EXECUTE statement ({given})".encode())
        ).fetchall()
        await connection.execute(b"DEALLOCATE statement")
    return "\n".join(line for (line,) in lines)


def test_documents_that_come_one_by_one_fill_the_pages_of_the_index(database_url: str) -> None:
    """Beside an index in the order of the documents' ids, which are hashes."""
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("TRUNCATE retrace.vectors")
        superuser.execute(
            "CREATE INDEX by_document ON retrace.vectors (tenant, model, document, ordinal) INCLUDE (embedding)"
        )
        tenants = [uuid4(), uuid4()]
        for _ in range(60):
            for tenant in tenants:
                _fill(superuser, tenant, uuid4(), 50)
        sizes = "SELECT pg_relation_size('retrace.vectors_exact'), pg_relation_size('retrace.by_document')"
        [(ours, by_document)] = superuser.execute(sizes).fetchall()
        superuser.execute("DROP INDEX retrace.by_document")
    assert ours < 0.95 * by_document


def test_the_index_has_room_for_what_it_covers_with_a_long_name_of_a_model(database_url: str) -> None:
    with psycopg.connect(database_url) as superuser:
        superuser.execute(
            "INSERT INTO retrace.vectors VALUES (%s, %s, 0, %s, %s::public.halfvec)",
            [uuid4(), uuid4(), "m" * 500, HalfVector([0.1] * COVERED)],
        )


def _axis(number: int, dimension: int) -> list[float]:
    return [float(each == number) for each in range(dimension)]


async def _wide(
    keyring: Keyring, tenant: UUID, document: UUID, ordinal: int, dimension: int, model: str
) -> tuple[Any, ...]:
    """A row as earlier versions wrote it."""
    about = b"chunk" + document.bytes + ordinal.to_bytes(4, "big")
    section, title, text = [
        await keyring.seal(tenant, document, msgspec.msgpack.encode(each), about)
        for each in (None, "Title", f"text {ordinal}")
    ]
    vector = HalfVector(_axis(ordinal, dimension))
    return tenant, document, ordinal, f"c{ordinal}", model, vector, ordinal + 1, section, 3, title, text


def _fill(superuser: psycopg.Connection[Any], tenant: UUID, document: UUID, count: int) -> None:
    superuser.execute(
        "INSERT INTO retrace.vectors SELECT %s, %s, n.n, %s, "
        "(SELECT array_agg(sin(n.n * each)) FROM generate_series(1, 256) each)::real[]::public.halfvec FROM generate_series(1, %s) n",
        [tenant, document, MODEL, count],
    )
    superuser.execute(
        "INSERT INTO retrace.chunks (tenant, document, ordinal, id, tokens, title, content) "
        "SELECT %s, %s, n, 'c' || n, 3, 't', repeat('x', 900)::bytea FROM generate_series(1, %s) n",
        [tenant, document, count],
    )
