"""Keyword search among a tenant's chunks: as a recount by plain loops has it, whatever came and went."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from application.ports import Chunk
from domain.base.language import language_of
from domain.retrieval.look_alikes import forms_in
from domain.retrieval.terms import runs, terms_of, wanted
from infra.crypto.keyring import Keyring
from infra.postgres.database import Database
from infra.retrieval.postings.finding import Found
from infra.retrieval.postings.hashing import hashes_of
from infra.retrieval.postings.postings import Postings
from infra.retrieval.postings.ranking import K1, Asked, B, Row, packed_of, rank
from tests.cells import cell

WORDS = ["returns", "returning", "shipping", "the", "A-1234-99", "19,99", "refund", "days", "30"]


class World:
    """Documents of tenants, written as `PgVectors` writes them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.postings = Postings(database, Keyring(database, b"m" * 32))

    async def put(self, tenant: UUID, document: UUID, texts: Sequence[str]) -> None:
        made = await self.postings.prepare(tenant, document, chunks(texts))
        async with self.database.tenant(tenant) as connection:
            await self.postings.replace(connection, tenant, document, made)

    async def delete(self, tenant: UUID, document: UUID) -> None:
        async with self.database.tenant(tenant) as connection:
            await self.postings.delete(connection, document)

    async def find(self, tenant: UUID, question: str, limit: int = 10) -> list[tuple[UUID, int]]:
        found = await self.postings.find(tenant, question, limit)
        return [(each.document, each.ordinal) for each in found.places]

    async def move(self, tenant: UUID, number: int) -> None:
        """Let the next chunk have this number."""
        async with self.database.tenant(tenant) as connection:
            await connection.execute(
                "INSERT INTO posting_statistics (tenant, next) VALUES (%s, %s)", [tenant, number]
            )


@pytest_asyncio.fixture(name="world")
async def _world(database_url: str) -> AsyncIterator[World]:
    async with Database(cell(database_url), size=4) as database:
        yield World(database)


def chunks(texts: Sequence[str]) -> list[Chunk]:
    facts: dict[str, Any] = {"page": 1, "section": None, "tokens": 3, "embedding": [1.0]}
    return [Chunk(id=str(n), ordinal=n, text=text, **facts) for n, text in enumerate(texts)]


def language(texts: Sequence[str]) -> str | None:
    return language_of("".join(f"{text}\n" for text in texts))


def recounted(
    documents: dict[UUID, list[str]], question: str, languages: set[str]
) -> dict[tuple[UUID, int], float]:
    """BM25 by plain loops over texts; `languages`: that documents were in."""
    spoken = {document: language(some) for document, some in documents.items()}
    texts = {(document, n): text for document, some in documents.items() for n, text in enumerate(some)}
    counted = {
        place: Counter(term for run in runs(text) for term in terms_of(run, spoken[place[0]]))
        for place, text in texts.items()
    }
    lengths = {place: len(list(runs(text))) for place, text in texts.items()}
    average = sum(lengths.values()) / len(lengths) if any(lengths.values()) else 1.0
    scores: dict[tuple[UUID, int], float] = {}
    whole = 0.0
    for word in wanted(question, languages):
        often = {place: n for place in texts if (n := max(counted[place][term] for term in word.terms))}
        idf = word.weight * math.log(1 + (len(texts) - len(often) + 0.5) / (len(often) + 0.5))
        whole += idf
        for place, n in often.items():
            part = n * (K1 + 1) / (n + K1 * (1 - B + B * lengths[place] / average))
            scores[place] = scores.get(place, 0.0) + idf * part
    return {place: min(score / whole, 1.0) for place, score in scores.items()}


def same(found: Found, expected: dict[tuple[UUID, int], float], limit: int) -> None:
    best = sorted(expected.values(), reverse=True)[:limit]
    assert [each.score for each in found.places] == pytest.approx(best)
    for each in found.places:
        assert each.score == pytest.approx(expected[each.document, each.ordinal])


text = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
step = st.tuples(st.integers(0, 3), st.lists(text, max_size=4))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    steps=st.lists(step, min_size=1, max_size=8),
    question=text,
    start=st.sampled_from([0, 4090, 3 * 4096 - 1]),
)
async def test_what_is_found_is_what_a_recount_finds(
    world: World, steps: list[tuple[int, list[str]]], question: str, start: int
) -> None:
    """Whatever documents came, changed and went, also over the border of two segments."""
    tenant, ids = uuid4(), [uuid4() for _ in range(4)]
    documents: dict[UUID, list[str]] = {}
    languages = {spoken for _, texts in steps if (spoken := language(texts))}
    await world.move(tenant, start)
    for number, texts in steps:
        await world.put(tenant, ids[number], texts)
        documents[ids[number]] = texts
    expected = recounted(documents, question, languages)
    for limit in (3, 50):
        same(await world.postings.find(tenant, question, limit), expected, limit)


async def test_nothing_of_a_deleted_document_is_left(world: World, database_url: str) -> None:
    tenant, first, second = uuid4(), uuid4(), uuid4()
    await world.move(tenant, 4095)
    await world.put(tenant, first, ["the returns", "only here: unobtainium", "the end"])
    await world.put(tenant, second, ["the returns of another"])
    assert await world.find(tenant, "unobtainium") == [(first, 1)]
    await world.delete(tenant, first)
    await world.delete(tenant, first)
    assert await world.find(tenant, "unobtainium") == []
    assert await world.find(tenant, "returns") == [(second, 0)]
    await world.put(tenant, second, [])
    with psycopg.connect(database_url) as superuser:
        for table in ("postings", "posting_documents"):
            query = f"SELECT count(*) FROM retrace.{table} WHERE tenant = %s"
            assert superuser.execute(query.encode(), [tenant]).fetchone() == (0,), table
        query = "SELECT chunks, tokens FROM retrace.posting_statistics WHERE tenant = %s"
        assert superuser.execute(query.encode(), [tenant]).fetchone() == (0, 0)


async def test_each_tenant_finds_its_own_words_under_hashes_of_its_own(
    world: World, database_url: str
) -> None:
    one, other, document = uuid4(), uuid4(), uuid4()
    for tenant in (one, other):
        await world.put(tenant, document, ["a secretword of ours"])
    assert await world.find(one, "secretword") == await world.find(other, "secretword") == [(document, 0)]
    assert await world.find(uuid4(), "secretword") == []
    with psycopg.connect(database_url) as superuser:
        query = "SELECT DISTINCT tenant, term FROM retrace.postings WHERE tenant = ANY(%s)"
        terms = superuser.execute(query.encode(), [[one, other]]).fetchall()
    of_one, of_other = ({term for tenant, term in terms if tenant == each} for each in (one, other))
    assert of_one
    assert of_other
    assert not of_one & of_other


async def test_words_are_found_in_forms_of_the_documents_languages(world: World) -> None:
    tenant, german, english = uuid4(), uuid4(), uuid4()
    await world.put(
        tenant, english, ["You may return every item that you have bought from us within thirty days."]
    )
    assert await world.find(tenant, "returning") == [(english, 0)]
    await world.put(
        tenant, german, ["Die Lieferungen kommen in der Regel nach drei Werktagen bei Ihnen zu Hause an."]
    )
    assert await world.find(tenant, "Lieferung") == [(german, 0)]
    assert await world.find(tenant, "returns") == [(english, 0)]


async def test_a_headings_words_find_the_chunks_below_it(world: World) -> None:
    tenant, document = uuid4(), uuid4()
    below = Chunk(id="x", ordinal=0, page=1, section="Warranty", tokens=3, text="Two years.", embedding=[1.0])
    made = await world.postings.prepare(tenant, document, [below])
    async with world.database.tenant(tenant) as connection:
        await world.postings.replace(connection, tenant, document, made)
    assert await world.find(tenant, "warranty") == [(document, 0)]


async def test_a_typed_order_number_finds_a_scanned_one_that_was_read_with_signs_that_look_alike(
    world: World,
) -> None:
    tenant, scan, text = uuid4(), uuid4(), uuid4()
    (read,) = chunks(["Tent Fjord AO-lO23 costs 329.00"])
    made = await world.postings.prepare(tenant, scan, [replace(read, terms=forms_in(read.text))])
    async with world.database.tenant(tenant) as connection:
        await world.postings.replace(connection, tenant, scan, made)
    await world.put(tenant, text, ["Lamp A0-I023 costs 29.00"])
    assert (await world.find(tenant, "A0-1023"))[0] == (scan, 0)
    assert (await world.find(tenant, "A0-I023"))[0] == (text, 0)


async def test_writers_and_deleters_at_once_leave_what_one_after_another_would(world: World) -> None:
    tenant, kept, gone = uuid4(), [uuid4() for _ in range(6)], [uuid4() for _ in range(6)]
    texts = ["the returns the shipping", "refund in 30 days"]
    for document in gone:
        await world.put(tenant, document, texts)
    await asyncio.gather(
        *(world.put(tenant, document, texts) for document in kept),
        *(world.delete(tenant, document) for document in gone),
    )
    same(
        await world.postings.find(tenant, "refund shipping", 50),
        recounted(dict.fromkeys(kept, texts), "refund shipping", {"en"}),
        50,
    )


def test_hashes_of_terms_are_signed_numbers_that_need_the_secret() -> None:
    one, other = hashes_of(["a", "b"], b"x" * 32), hashes_of(["a", "b"], b"y" * 32)
    assert len({*one.values(), *other.values()}) == 4
    assert all(-(2**63) <= value < 2**63 for value in one.values())


def test_chunks_with_the_same_score_come_in_the_order_of_their_numbers() -> None:
    def sent(values: list[int]) -> bytes:
        elements = b"".join(b"\0\0\0\2" + np.array(each, ">i2").tobytes() for each in values)
        return bytes(20) + elements

    rows = [
        Row(1, 0, sent([1, 5, 9]), sent([packed_of(1, 10)] * 3)),
        Row(1, 1, sent([0]), sent([packed_of(99, 2000)])),
    ]
    found = rank(rows, [Asked((1,)), Asked((2,))], 5000, 50_000, 2)
    assert found.numbers == [1, 5]
    assert rank(rows, [Asked((3,))], 5000, 50_000, 2).numbers == []


async def test_a_word_that_is_spelled_wrongly_finds_what_is_meant_among_the_tenants_own_words(
    world: World,
) -> None:
    tenant, other, document, later = uuid4(), uuid4(), uuid4(), uuid4()
    await world.put(tenant, document, ["the warranty lasts", "Überweisungen take days", "form from 1234567"])
    await world.put(other, document, ["a wardrobe"])
    assert await world.find(tenant, "waranty") == [(document, 0)]
    assert await world.find(tenant, "wararnty?") == [(document, 0)]
    assert await world.find(tenant, "überweisugnen") == [(document, 1)]
    assert await world.find(tenant, "wardrbe") == []  # another tenant's word
    assert await world.find(tenant, "1234576") == []  # another number is another number
    assert await world.find(tenant, "wxrrxntx") == []
    right, wrong = [(await world.postings.find(tenant, word, 9)).places for word in ("warranty", "waranty")]
    assert wrong[0].score <= right[0].score
    await world.put(tenant, later, ["the wardrobe"])
    assert await world.find(tenant, "wardrbe") == [(later, 0)]
    await world.delete(tenant, document)
    assert await world.find(tenant, "waranty") == []


async def test_no_word_of_a_document_stands_in_its_rows(world: World, database_url: str) -> None:
    tenant, document = uuid4(), uuid4()
    await world.put(tenant, document, ["unobtainium costs 1234567"])
    with psycopg.connect(database_url) as superuser:
        [(sealed,)] = superuser.execute(
            "SELECT words FROM retrace.posting_documents WHERE tenant = %s", [tenant]
        ).fetchall()
    assert b"unobtainium" not in sealed
    assert sealed[1:17] == document.bytes  # under the document's key, with which it goes


async def test_words_that_a_key_has_opened_are_dropped_with_it(world: World) -> None:
    tenant, document = uuid4(), uuid4()
    await world.put(tenant, document, ["the warranty lasts", "and the returns"])
    assert await world.find(tenant, "waranty") == [(document, 0)]
    kept = world.postings._vocabularies._known
    assert tenant in kept
    world.postings._keyring.forget(tenant, document)
    assert tenant not in kept
