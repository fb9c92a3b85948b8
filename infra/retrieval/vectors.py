"""Chunks and their vectors in pgvector, searched exactly among the tenant's own. Implements `application.ports.Vectors`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports import PROCESS_WORK, Chunk, Searched
from domain.models.completion import Passage
from infra.crypto.keyring import KeyErased, Keyring, unseal_with
from infra.postgres.database import Database
from infra.postgres.exchange import Row
from infra.retrieval.half_vector import HalfVector

AT_ONCE = 50
"""Chunks that are sealed and sent together; between them others have their turn."""


PENDING = "SELECT count(*) FROM work WHERE tenant = $1 AND kind = $2 AND parked_at IS NULL"


class PgVectors:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def replace(
        self, tenant: UUID, document: UUID, title: str, model: str, chunks: Sequence[Chunk]
    ) -> None:
        insert = "INSERT INTO chunks VALUES (%s, %s, %s, %s, %s, %s::halfvec, %s, %s, %s, %s, %s)"

        async def rows(start: int) -> list[tuple[Any, ...]]:
            some = chunks[start : start + AT_ONCE]
            return [await self._row(tenant, document, title, model, chunk) for chunk in some]

        first = await rows(0)  # before the transaction, as it may have to get the key by another connection
        async with self._database.tenant(tenant) as connection, connection.cursor() as cursor:
            # An erasure comes before this transaction, and is seen, or after it, and takes the rows along.
            held = await (await cursor.execute("SELECT hold_key(%s)", [document])).fetchone()
            if chunks and held != (True,):
                raise KeyErased("this document was erased")
            await cursor.execute("DELETE FROM chunks WHERE tenant = %s AND document = %s", [tenant, document])
            for start in range(0, len(chunks), AT_ONCE):
                await cursor.executemany(insert, await rows(start) if start else first)

    async def _row(
        self, tenant: UUID, document: UUID, title: str, model: str, chunk: Chunk
    ) -> tuple[Any, ...]:
        about, encode = _context(document, chunk.ordinal), msgspec.msgpack.encode
        section, name, text = [
            await self._keyring.seal(tenant, document, encode(each), about)
            for each in (chunk.section, title, chunk.text)
        ]
        vector = HalfVector(chunk.embedding)
        return (
            *(tenant, document, chunk.ordinal, chunk.id, model, vector, chunk.page),
            *(section, chunk.tokens, name, text),
        )

    async def search(self, tenant: UUID, embedding: Sequence[float], model: str, limit: int) -> Searched:
        query = (
            "SELECT document, ordinal, id, page, section, title, content, 1 - (embedding <=> $1::halfvec) FROM chunks "
            "WHERE tenant = $2 AND model = $3 ORDER BY embedding <=> $1::halfvec, document, ordinal LIMIT $4"
        )
        values = [HalfVector(embedding), tenant, model, limit]
        # What becomes ready between the two counts as pending.
        [(waiting,)], rows = await self._database.read_all(
            tenant, (PENDING, [tenant, PROCESS_WORK]), (query, values)
        )
        keys = await self._keyring.load(tenant, {row[0] for row in rows})
        # Those of a document that was erased while we searched are passed over; its rows go next.
        passages = [_passage(keys[row[0]], row) for row in rows if row[0] in keys]
        return Searched(passages=passages, pending=waiting)

    async def count(self, tenant: UUID, model: str, most: int) -> int:
        """How many chunks the tenant has, counted up to `most`."""
        query = "SELECT count(*) FROM (SELECT FROM chunks WHERE tenant = $1 AND model = $2 LIMIT $3) counted"
        [(count,)] = await self._database.read(tenant, query, tenant, model, most)
        return int(count)

    async def pending(self, tenant: UUID) -> int:
        [(waiting,)] = await self._database.read(tenant, PENDING, tenant, PROCESS_WORK)
        return int(waiting)

    async def delete(self, tenant: UUID, document: UUID) -> None:
        async with self._database.tenant(tenant) as connection:
            await connection.execute(
                "DELETE FROM chunks WHERE tenant = %s AND document = %s", [tenant, document]
            )


def _passage(key: AESGCM, row: Row) -> Passage:
    document, ordinal, id, page, section, title, content, score = row
    about, decode = _context(document, ordinal), msgspec.msgpack.decode
    return Passage(
        id=id,
        document=document,
        title=decode(unseal_with(key, title, about), type=str),
        ordinal=ordinal,
        page=page,
        section=decode(unseal_with(key, section, about), type=str | None),
        score=0.0 if score is None or score != score else min(max(float(score), 0.0), 1.0),
        text=decode(unseal_with(key, content, about), type=str),
    )


def _context(document: UUID, ordinal: int) -> bytes:
    return b"chunk" + document.bytes + ordinal.to_bytes(4, "big")
