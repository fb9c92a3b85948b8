"""Documents of an earlier version, which have vectors and no postings, are found by their words once the work that is owed was done."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from application.ports import Chunk
from application.retrieval.words import INDEX_WORDS_WORK, index_words
from domain.retrieval.terms import RULES
from infra.crypto.erasing import SubjectEraser
from infra.crypto.keyring import Keyring
from infra.embedded import Servers
from infra.postgres.database import Connection, Database
from infra.projections import read_models
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.postings.postings import Postings
from infra.retrieval.vectors import PgVectors
from infra.schema import migrate as migrations
from infra.schema.migrate import SCHEMA, migrate
from tests.cells import cell

MODEL, MASTER = "test/model-2", b"m" * 32


class Without(Postings):
    """As before there were any."""

    async def replace(self, connection: Connection, tenant: UUID, document: UUID, sealed: Any) -> None:
        pass

    async def delete(self, connection: Connection, document: UUID) -> None:
        pass


@pytest.fixture(name="earlier")
def _earlier(servers: Servers, template: str) -> Iterator[str]:
    """A database with nothing in it yet, beside one of today: roles are those of both."""
    admin = servers.database_url.replace("/retrace?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CREATE DATABASE without_words")
    yield servers.database_url.replace("/retrace?", "/without_words?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("DROP DATABASE without_words WITH (FORCE)")


@pytest.fixture(name="database")
async def _database(database_url: str) -> AsyncIterator[Database]:
    async with Database(cell(database_url), size=3) as database:
        yield database


def chunk(ordinal: int, text: str, section: str | None = None) -> Chunk:
    return Chunk(
        id=f"{ordinal} {text}",
        ordinal=ordinal,
        page=1,
        section=section,
        tokens=3,
        text=text,
        embedding=[1.0, 0.0],
    )


async def found(vectors: PgVectors, tenant: UUID, question: str) -> list[tuple[UUID, int]]:
    matched = await vectors.match(tenant, question, [1.0, 0.0], MODEL, 9)
    return [(each.document, each.ordinal) for each in matched.passages]


async def test_an_upgrade_owes_words_to_what_was_indexed_before(
    earlier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in SCHEMA.glob("*.sql"):
        if file.name < "215":
            shutil.copy(file, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "SCHEMA", tmp_path)
        patch.setattr(read_models, "PUBLISHED", frozenset())  # there were no views then
        patch.setattr(read_models, "publish", AsyncMock())
        await migrate(cell(earlier))
    tenant, document = uuid4(), uuid4()
    async with Database(cell(earlier), size=2) as database:
        keyring = Keyring(database, MASTER)
        about = b"chunk" + document.bytes + (0).to_bytes(4, "big")
        section, title, text = [
            await keyring.seal(tenant, document, msgspec.msgpack.encode(each), about)
            for each in ("Warranty", "guide", "Order A-1234-99.")
        ]
        async with database.tenant(tenant) as connection:
            await connection.execute(
                "INSERT INTO chunks (tenant, document, ordinal, id, page, section, tokens, title, content) "
                "VALUES (%s, %s, 0, 'x', 1, %s, 3, %s, %s)",
                [tenant, document, section, title, text],
            )
            await connection.execute(
                "INSERT INTO vectors (tenant, document, ordinal, model, embedding) VALUES (%s, %s, 0, %s, %s::halfvec)",
                [tenant, document, MODEL, HalfVector([1.0, 0.0])],
            )
    await migrate(cell(earlier))
    with psycopg.connect(earlier) as superuser:
        owed = "SELECT tenant, kind, key FROM retrace.work"
        assert superuser.execute(owed).fetchall() == [(tenant, INDEX_WORDS_WORK, "all")]
    async with Database(cell(earlier), size=2) as database:
        vectors = PgVectors(database, Keyring(database, MASTER))
        assert [each.document for each in (await vectors.search(tenant, [1.0, 0.0], MODEL, 9)).passages] == [
            document
        ]
        assert await found(vectors, tenant, "a1234 99") == []
        await index_words(tenant, vectors=vectors)
        assert await found(vectors, tenant, "A-1234-99") == [(document, 0)]
        assert await found(vectors, tenant, "warranty") == [(document, 0)]


async def test_all_that_lacks_words_gets_them_and_nothing_else_is_touched(
    database: Database, database_url: str
) -> None:
    keyring, tenant, new = Keyring(database, MASTER), uuid4(), uuid4()
    vectors = PgVectors(database, keyring)
    before = PgVectors(database, keyring, Without(database, keyring))
    await vectors.replace(tenant, new, "x", MODEL, [chunk(0, "the returns")])
    old = sorted(uuid4() for _ in range(5))
    for document in old:
        await before.replace(tenant, document, "x", MODEL, [chunk(n, f"word{n}") for n in range(3)])
    erased, deleted = old[1], old[3]
    await before.delete(tenant, deleted)
    with psycopg.connect(database_url) as superuser:  # an erasure that has come as far as the key
        query = "DELETE FROM retrace.subject_keys WHERE tenant = %s AND subject = %s"
        superuser.execute(query, [tenant, erased])
        query = "SELECT base, made FROM retrace.posting_documents WHERE document = %s"
        was = superuser.execute(query, [new]).fetchone()
    keyring.forget(tenant, erased)
    await index_words(tenant, vectors=vectors)
    kept = [each for each in old if each not in (erased, deleted)]
    assert sorted(await found(vectors, tenant, "word1")) == [(each, 1) for each in kept]
    with psycopg.connect(database_url) as superuser:
        assert superuser.execute(query, [new]).fetchone() == was
        query = "UPDATE retrace.posting_documents SET made = %s WHERE document = %s"
        superuser.execute(query, [RULES + 1, new])  # by other rules than today's
    await index_words(tenant, vectors=vectors)
    with psycopg.connect(database_url) as superuser:
        query = "SELECT made FROM retrace.posting_documents WHERE document = %s"
        assert superuser.execute(query, [new]).fetchone() == (RULES,)
    assert await found(vectors, tenant, "returns") == [(new, 0)]


class Interrupted(Postings):
    """Something happens to the document while its words are made ready."""

    async def prepare(self, tenant: UUID, document: UUID, chunks: Any) -> Any:
        made = await super().prepare(tenant, document, chunks)
        await self.meanwhile()
        return made

    async def meanwhile(self) -> None:
        raise NotImplementedError


@pytest.mark.parametrize("what", ["replaced", "deleted", "erased"])
async def test_what_happens_to_a_document_meanwhile_holds(database: Database, what: str) -> None:
    keyring, tenant, document = Keyring(database, MASTER), uuid4(), uuid4()
    vectors = PgVectors(database, keyring)
    await vectors.replace(tenant, uuid4(), "x", MODEL, [chunk(0, "another")])
    await PgVectors(database, keyring, Without(database, keyring)).replace(
        tenant, document, "x", MODEL, [chunk(0, "former")]
    )
    postings = Interrupted(database, keyring)
    catching_up = PgVectors(database, keyring, postings)

    async def meanwhile() -> None:
        if what == "replaced":
            await vectors.replace(tenant, document, "x", MODEL, [chunk(0, "newer")])
        elif what == "deleted":
            await vectors.delete(tenant, document)
        else:
            async with Database(cell(database.cell.url), role="retrace_eraser", size=1) as erasing:
                await SubjectEraser(erasing, keyring).erase(tenant, document)

    postings.meanwhile = meanwhile  # type: ignore[method-assign]
    await index_words(tenant, vectors=catching_up)
    assert await found(vectors, tenant, "former") == []
    assert await found(vectors, tenant, "newer") == ([(document, 0)] if what == "replaced" else [])
    assert len(await found(vectors, tenant, "another")) == 1
