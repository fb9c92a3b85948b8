from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

from application.ports import Chunk
from domain.models.completion import Passage
from infra.crypto.keyring import Keyring
from infra.postgres.database import Connection, Database
from infra.retrieval.nearest import COVERED
from infra.retrieval.postings.postings import Postings
from infra.retrieval.vectors import PgVectors
from tests.cells import cell

MODEL, SECRET = "test/model-8", "Confidential-Sentence"


@pytest.fixture(name="vectors")
async def _vectors(database_url: str) -> AsyncIterator[PgVectors]:
    async with Database(cell(database_url), size=2) as database:
        yield PgVectors(database, Keyring(database, b"m" * 32))


async def found_in(
    vectors: PgVectors, tenant: UUID, embedding: Sequence[float], model: str, limit: int
) -> list[Passage]:
    return list((await vectors.search(tenant, embedding, model, limit)).passages)


def unit(seed: int, dimension: int = 8) -> list[float]:
    vector = np.random.default_rng(seed).normal(size=dimension)
    return [float(value) for value in vector / np.linalg.norm(vector)]


def a_chunk(ordinal: int, seed: int, *, dimension: int = 8, section: str | None = None) -> Chunk:
    return Chunk(
        id=f"passage-{seed}",
        ordinal=ordinal,
        page=ordinal + 1,
        last_page=ordinal + 2 if ordinal % 2 else None,
        section=section,
        tokens=10,
        text=f"{SECRET} {seed}",
        embedding=unit(seed, dimension),
    )


async def test_the_nearest_chunks_come_first_as_they_were_given(vectors: PgVectors) -> None:
    tenant, document = uuid4(), uuid4()
    await vectors.replace(
        tenant, document, "faq.pdf", MODEL, [a_chunk(n, n, section="Returns") for n in range(20)]
    )
    found = await found_in(vectors, tenant, unit(7), MODEL, 5)
    exact = sorted(range(20), key=lambda n: -float(np.dot(unit(7), unit(n))))[:5]
    assert [passage.id for passage in found] == [f"passage-{n}" for n in exact]
    best = found[0]
    assert (best.document, best.title, best.ordinal, best.page, best.last_page, best.section) == (
        document,
        "faq.pdf",
        7,
        8,
        9,
        "Returns",
    )
    assert best.text == f"{SECRET} 7"
    assert best.score == pytest.approx(1, abs=0.01)
    assert all(0 <= passage.score <= 1 for passage in found)


async def test_a_search_gives_all_there_are_when_fewer_are_there_than_asked_for(vectors: PgVectors) -> None:
    tenant = uuid4()
    await vectors.replace(tenant, uuid4(), "a", MODEL, [a_chunk(n, n) for n in range(3)])
    assert len(await found_in(vectors, tenant, unit(1), MODEL, 50)) == 3
    assert await found_in(vectors, uuid4(), unit(1), MODEL, 50) == []


async def test_no_tenant_finds_anothers_chunks_and_all_find_their_own(vectors: PgVectors) -> None:
    tenants = [uuid4() for _ in range(5)]
    for number, tenant in enumerate(tenants):
        await vectors.replace(tenant, uuid4(), f"of {number}", MODEL, [a_chunk(n, n) for n in range(10)])
    for number, tenant in enumerate(tenants):
        found = await found_in(vectors, tenant, unit(3), MODEL, 10)
        assert [passage.title for passage in found] == [f"of {number}"] * 10


async def test_a_document_that_is_replaced_leaves_no_old_chunks(vectors: PgVectors) -> None:
    tenant, document = uuid4(), uuid4()
    await vectors.replace(tenant, document, "old", MODEL, [a_chunk(n, n) for n in range(9)])
    await vectors.replace(tenant, document, "new", MODEL, [a_chunk(0, 100), a_chunk(1, 101)])
    assert {passage.id for passage in await found_in(vectors, tenant, unit(1), MODEL, 50)} == {
        "passage-100",
        "passage-101",
    }
    await vectors.replace(tenant, document, "new", MODEL, [])
    assert await found_in(vectors, tenant, unit(1), MODEL, 50) == []


async def test_deleting_a_document_removes_its_chunks_and_no_others(vectors: PgVectors) -> None:
    tenant, one, two = uuid4(), uuid4(), uuid4()
    for document in (one, two):
        await vectors.replace(tenant, document, "x", MODEL, [a_chunk(n, n) for n in range(4)])
    await vectors.delete(tenant, one)
    await vectors.delete(tenant, one)
    assert {passage.document for passage in await found_in(vectors, tenant, unit(1), MODEL, 50)} == {two}


async def test_models_of_other_dimensions_live_side_by_side(vectors: PgVectors) -> None:
    tenant, small, large = uuid4(), uuid4(), uuid4()
    await vectors.replace(tenant, small, "small", MODEL, [a_chunk(n, n) for n in range(3)])
    await vectors.replace(
        tenant, large, "large", "test/model-32", [a_chunk(n, n, dimension=32) for n in range(3)]
    )
    for model, dimension, document in ((MODEL, 8, small), ("test/model-32", 32, large)):
        found = await found_in(vectors, tenant, unit(2, dimension), model, 10)
        assert [passage.document for passage in found] == [document] * 3


@pytest.mark.parametrize("dimension", [COVERED, COVERED + 1, 1536, 3072, 6000])
async def test_vectors_of_any_dimension_are_kept_and_found(vectors: PgVectors, dimension: int) -> None:
    tenant = uuid4()
    await vectors.replace(tenant, uuid4(), "x", MODEL, [a_chunk(n, n, dimension=dimension) for n in range(4)])
    found = await found_in(vectors, tenant, unit(2, dimension), MODEL, 10)
    assert found[0].id == "passage-2"
    assert len(found) == 4
    assert await vectors.count(tenant, MODEL, 10) == 4


async def test_of_chunks_that_are_as_near_the_first_come_first(vectors: PgVectors) -> None:
    tenant, documents = uuid4(), sorted(uuid4() for _ in range(3))
    for document in reversed(documents):
        await vectors.replace(tenant, document, "x", MODEL, [a_chunk(n, 5) for n in (1, 0)])
    found = await found_in(vectors, tenant, unit(5), MODEL, 5)
    assert [(each.document, each.ordinal) for each in found] == [
        (document, n) for document in documents for n in (0, 1)
    ][:5]


class Failing(Postings):
    fails = False

    async def delete(self, connection: Connection, document: UUID) -> None:
        await super().delete(connection, document)
        if self.fails:
            raise RuntimeError("no room for postings")


async def test_postings_are_put_in_place_with_the_vectors_or_neither_is(database_url: str) -> None:
    tenant, document = uuid4(), uuid4()
    async with Database(cell(database_url), size=2) as database:
        keyring = Keyring(database, b"m" * 32)
        postings = Failing(database, keyring)
        vectors = PgVectors(database, keyring, postings)

        async def seen(question: str) -> tuple[list[str], list[str]]:
            """What is found by meaning, and by words."""
            matched = await vectors.match(tenant, question, unit(7), MODEL, 9)
            near = await found_in(vectors, tenant, unit(7), MODEL, 9)
            return sorted(each.id for each in near), [each.id for each in matched.passages]

        await vectors.replace(tenant, document, "x", MODEL, [a_chunk(n, n) for n in range(2)])
        await vectors.replace(tenant, document, "x", MODEL, [a_chunk(0, 7)])
        assert await seen(f"{SECRET} 7") == (["passage-7"], ["passage-7"])
        postings.fails = True
        with pytest.raises(RuntimeError):
            await vectors.replace(tenant, document, "x", MODEL, [a_chunk(0, 8)])
        with pytest.raises(RuntimeError):
            await vectors.delete(tenant, document)
        assert await seen("7") == (["passage-7"], ["passage-7"])
        assert await seen("8") == (["passage-7"], [])
        postings.fails = False
        [passage] = (await vectors.match(tenant, "7", unit(7), MODEL, 9)).passages
        assert passage.score == pytest.approx(1, abs=0.01)
        [other] = (await vectors.match(tenant, "7", unit(7), "other", 9)).passages
        assert (other.text, other.score) == (passage.text, 0.0)
        await vectors.delete(tenant, document)
        assert await seen("7") == ([], [])


async def test_words_of_a_document_whose_place_another_takes_are_found_no_more(vectors: PgVectors) -> None:
    tenant, old, new = uuid4(), uuid4(), uuid4()
    await vectors.replace(tenant, old, "x", MODEL, [a_chunk(0, 41)])
    await vectors.replace(tenant, new, "x", MODEL, [a_chunk(0, 42)], [old])
    assert not (await vectors.match(tenant, "41", unit(1), MODEL, 9)).passages
    assert [each.id for each in (await vectors.match(tenant, "42", unit(1), MODEL, 9)).passages] == [
        "passage-42"
    ]


async def test_a_chunk_without_direction_is_found_last(vectors: PgVectors) -> None:
    tenant = uuid4()
    lost = Chunk(id="lost", ordinal=0, page=None, section=None, tokens=1, text="…", embedding=[0.0] * 8)
    await vectors.replace(tenant, uuid4(), "x", MODEL, [lost, a_chunk(1, 1)])
    assert [
        (passage.id, passage.score > 0) for passage in await found_in(vectors, tenant, unit(1), MODEL, 5)
    ] == [
        ("passage-1", True),
        ("lost", False),
    ]


async def test_no_text_lies_open_in_the_table(vectors: PgVectors, database_url: str) -> None:
    tenant = uuid4()
    await vectors.replace(tenant, uuid4(), SECRET, MODEL, [a_chunk(0, 1, section=SECRET)])
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        query = (
            "SELECT chunks::text, vectors::text, title, section, content FROM retrace.chunks "
            "JOIN retrace.vectors USING (tenant, document, ordinal) WHERE tenant = %s"
        )
        rows = await (await connection.execute(query, [tenant])).fetchall()
    assert rows
    for row in rows:
        assert not any(
            SECRET.encode() in (field.encode() if isinstance(field, str) else field) for field in row
        )


async def test_chunks_of_an_erased_document_are_passed_over(database_url: str, vectors: PgVectors) -> None:
    tenant, kept, erased = uuid4(), uuid4(), uuid4()
    for document in (kept, erased):
        await vectors.replace(tenant, document, "x", MODEL, [a_chunk(n, n) for n in range(2)])
    await _destroy_key(database_url, tenant, erased)
    async with Database(cell(database_url), size=1) as database:
        fresh = PgVectors(database, Keyring(database, b"m" * 32))
        found = await found_in(fresh, tenant, unit(1), MODEL, 10)
    assert {passage.document for passage in found} == {kept}


async def _destroy_key(url: str, tenant: UUID, subject: UUID) -> None:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(
            "DELETE FROM retrace.subject_keys WHERE tenant = %s AND subject = %s", [tenant, subject]
        )
