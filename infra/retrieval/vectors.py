"""Nearest-neighbour search in pgvector, among the tenant's own vectors. Implements `application.ports.Vectors`.

Vectors lie apart from the sealed texts of their chunks (infra/schema/210_vectors.sql). It is exact: all of a tenant's are read in order
out of one covering index, and the texts of the best by their keys; or, where that was found as good, by an index of the tenant's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports import INDEX_OFFER_WORK, INDEX_WORK, PROCESS_WORK, Chunk, Matched, Searched
from domain.base.errors import Conflict
from domain.models.completion import Passage, Source
from domain.retrieval.synonyms import Groups
from infra.crypto.keyring import KeyErased, Keyring, unseal_with
from infra.postgres.database import Database
from infra.postgres.exchange import Row
from infra.postgres.session import Connection
from infra.retrieval.chunk_context import context_of
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.nearest import INDEXED, by_index, nearest, nearest_by_index
from infra.retrieval.postings.catching_up import index_next
from infra.retrieval.postings.postings import Postings
from infra.retrieval.vector_index.known import INDEX_OF, KnownIndexes
from infra.retrieval.vector_index.sampling import RecallSampler
from infra.retrieval.vector_spaces import VectorSpaces, in_turn

AT_ONCE = 50
"""Chunks that are sealed and sent together; between them others have their turn."""

PENDING = "SELECT count(*) FROM work WHERE tenant = $1 AND kind = ANY ($2::text[]) AND parked_at IS NULL"
NOT_FOUND_YET = [PROCESS_WORK, INDEX_WORK, INDEX_OFFER_WORK]

COUNT = "SELECT count(*) FROM (SELECT 1 FROM vectors WHERE tenant = $1 AND model = $2 LIMIT $3) counted"

INTO_CHUNKS = (
    "INSERT INTO chunks (tenant, document, ordinal, id, page, last_page, section, tokens, title, content, terms, priority, "
    "source, revision, came_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
INTO_VECTORS = (
    "INSERT INTO vectors (tenant, document, ordinal, model, embedding) VALUES (%s, %s, %s, %s, %s::halfvec)"
)


AT = """
SELECT c.document, c.ordinal, id, page, last_page, section, title, content, source, priority, came_at, 1 - (embedding <=> $1::halfvec)
FROM unnest($4::uuid[], $5::integer[]) WITH ORDINALITY AS asked (document, ordinal, place)
JOIN chunks c ON c.tenant = $2 AND c.document = asked.document AND c.ordinal = asked.ordinal
LEFT JOIN vectors v ON v.tenant = $2 AND v.document = asked.document AND v.ordinal = asked.ordinal AND v.model = $3
ORDER BY place
"""
"""Of another model's vectors nothing is told."""

MOVED_ON = "SELECT 1 FROM events WHERE tenant = %s AND stream = %s AND version > %s LIMIT 1"
AS_NEW = "SELECT 1 FROM chunks WHERE tenant = %s AND document = %s AND revision >= %s LIMIT 1"


FORGET = b"DELETE FROM embeddings WHERE tenant = %s AND document = %s"
"""What is kept of a document so that it need not be paid for again goes with it; not where its passages are put in place anew."""


class PgVectors(VectorSpaces):
    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        postings: Postings | None = None,
        *,
        known: KnownIndexes | None = None,
        sampler: RecallSampler | None = None,
    ) -> None:
        super().__init__(database, keyring)
        self._database = database
        self._keyring = keyring
        self._postings = postings or Postings(database, keyring)
        self._known = known or KnownIndexes()
        self._sampler = sampler or RecallSampler(database)

    async def close(self) -> None:
        await self._sampler.close()

    async def replace(
        self,
        tenant: UUID,
        document: UUID,
        title: str,
        model: str,
        chunks: Sequence[Chunk],
        instead_of: Sequence[UUID] = (),
        *,
        source: Source = "document",
        revision: int | None = None,
        came_at: datetime | None = None,
    ) -> None:
        async def rows(start: int) -> list[tuple[Any, ...]]:
            some = chunks[start : start + AT_ONCE]
            behind = source, revision, came_at
            return [(*await self._row(tenant, document, title, chunk), *behind) for chunk in some]

        # Before the transaction, as both may have to get a key by another connection.
        first, postings = await rows(0), await self._postings.prepare(tenant, document, chunks)
        async with self._database.tenant(tenant) as connection, connection.cursor() as cursor:
            # In one order, so that two that take each other's places wait and don't lock each other out. Postings come last: whoever writes
            # some has the tenant's row of statistics until the end.
            for each in sorted({document, *instead_of}):
                await in_turn(connection, each)
            if revision is not None:
                row = await (await cursor.execute(MOVED_ON, [tenant, document, revision])).fetchone()
                if row is not None:
                    raise Conflict(f"it is of version {revision}, and the document has moved on")
            # An erasure comes before this transaction, and is seen, or after it, and takes the rows along.
            held = await (await cursor.execute("SELECT hold_key(%s)", [document])).fetchone()
            if chunks and held != (True,):
                raise KeyErased("this document was erased")
            for each in sorted({document, *instead_of}):
                await _remove(connection, tenant, each)
            for start in range(0, len(chunks), AT_ONCE):
                await cursor.executemany(INTO_CHUNKS, await rows(start) if start else first)
                vectors = [
                    (tenant, document, chunk.ordinal, model, HalfVector(chunk.embedding))
                    for chunk in chunks[start : start + AT_ONCE]
                ]
                await cursor.executemany(INTO_VECTORS, vectors)
            for other in instead_of:
                await self._postings.delete(connection, other)
            await self._postings.replace(connection, tenant, document, postings)

    async def _row(self, tenant: UUID, document: UUID, title: str, chunk: Chunk) -> tuple[Any, ...]:
        about, encode = context_of(document, chunk.ordinal), msgspec.msgpack.encode
        section, name, text = [
            await self._keyring.seal(tenant, document, encode(each), about)
            for each in (chunk.section, title, chunk.text)
        ]
        terms = (
            await self._keyring.seal(tenant, document, encode(chunk.terms), about) if chunk.terms else None
        )
        place = tenant, document, chunk.ordinal, chunk.id, chunk.page, chunk.last_page
        return *place, section, chunk.tokens, name, text, terms, chunk.priority

    async def search(
        self,
        tenant: UUID,
        embedding: Sequence[float],
        model: str,
        limit: int,
        among: Sequence[UUID] | None = None,
    ) -> Searched:
        if not embedding:
            return Searched(passages=(), pending=await self.pending(tenant))
        vector, dimension = HalfVector(embedding), len(embedding)
        index, stale = self._known.of(tenant)
        own = index if index is not None and among is None and index.fits(model, dimension) else None
        values = [vector, tenant, model, limit]
        exactly = nearest(dimension, among is not None), [*values, *([] if among is None else [list(among)])]
        if own is not None and own.ef is not None:
            going = by_index(max(own.ef, min(limit, 1_000))), (nearest_by_index(dimension), values)
        else:
            going = INDEXED, exactly
        # What becomes ready between the two counts as pending.
        known = [(INDEX_OF, [tenant])] if stale else []
        [(waiting,)], *learned, _, rows = await self._database.read_all(
            tenant, (PENDING, [tenant, NOT_FOUND_YET]), *known, *going
        )
        for each in learned:
            self._known.learn(tenant, each)
        if own is not None:
            if (
                own.ef is not None and len(rows) < limit
            ):  # as after many were deleted, or where some have no direction
                _, rows = await self._database.read_all(tenant, INDEXED, exactly)
            self._sampler.searched(tenant, own, embedding)
        keys = await self._keyring.load(tenant, {row[0] for row in rows})
        # Those of a document that was erased while we searched are passed over; its rows go next.
        passages = [_passage(keys[row[0]], row) for row in rows if row[0] in keys]
        return Searched(passages=passages, pending=waiting)

    async def match(
        self,
        tenant: UUID,
        question: str,
        embedding: Sequence[float],
        model: str,
        limit: int,
        synonyms: Groups = (),
    ) -> Matched:
        found = await self._postings.find(tenant, question, limit, synonyms)
        if not found.places:
            return Matched()
        scores = {(each.document, each.ordinal): each.score for each in found.places}
        documents, ordinals = (list(each) for each in zip(*scores, strict=True))
        # Without a vector it is compared with those of no model.
        values = [HalfVector(embedding or (1.0,)), tenant, model if embedding else "", documents, ordinals]
        [rows] = await self._database.read_all(tenant, (AT, values))
        keys = await self._keyring.load(tenant, {row[0] for row in rows})
        passages = [_passage(keys[row[0]], row) for row in rows if row[0] in keys]
        return Matched(
            passages=passages,
            scores=[scores[each.document, each.ordinal] for each in passages],
            typed=found.typed,
        )

    async def count(self, tenant: UUID, model: str, most: int) -> int:
        """How many chunks the tenant has, counted up to `most`."""
        _, [(count,)] = await self._database.read_all(tenant, INDEXED, (COUNT, [tenant, model, most]))
        return int(count)

    async def pending(self, tenant: UUID) -> int:
        [(waiting,)] = await self._database.read(tenant, PENDING, tenant, NOT_FOUND_YET)
        return int(waiting)

    async def delete(self, tenant: UUID, document: UUID, before: int | None = None) -> None:
        async with self._database.tenant(tenant) as connection:
            await in_turn(connection, document)
            if before is not None:
                newer = await connection.execute(AS_NEW, [tenant, document, before])
                if await newer.fetchone() is not None:
                    return
            await _remove(connection, tenant, document)
            await connection.execute(FORGET, [tenant, document])
            await self._postings.delete(connection, document)

    async def index_words(self, tenant: UUID, after: UUID) -> UUID | None:
        return await index_next(tenant, after, self._database, self._keyring, self._postings)


async def _remove(connection: Connection, tenant: UUID, document: UUID) -> None:
    for table in ("chunks", "vectors"):
        await connection.execute(
            f"DELETE FROM {table} WHERE tenant = %s AND document = %s".encode(), [tenant, document]
        )


def _passage(key: AESGCM, row: Row) -> Passage:
    document, ordinal, id, page, last_page, section, title, content, source, priority, came_at, score = row
    about, decode = context_of(document, ordinal), msgspec.msgpack.decode
    return Passage(
        id=id,
        document=document,
        title=decode(unseal_with(key, title, about), type=str),
        ordinal=ordinal,
        page=page,
        last_page=last_page,
        section=decode(unseal_with(key, section, about), type=str | None),
        score=0.0 if score is None or score != score else min(max(float(score), 0.0), 1.0),
        text=decode(unseal_with(key, content, about), type=str),
        source=source,
        priority=priority,
        came_at=came_at,
    )
