"""Chunks and their vectors in pgvector, searched exactly among the tenant's own. Implements `application.ports.Vectors`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from application.ports import PROCESS_WORK, Chunk
from domain.models.completion import Passage
from infra.crypto.keyring import KeyErased, Keyring
from infra.postgres.database import Database

AT_ONCE = 50
"""Chunks that are sealed and sent together; between them others have their turn."""


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
        vector = _vector(chunk.embedding)
        return (
            *(tenant, document, chunk.ordinal, chunk.id, model, vector, chunk.page),
            *(section, chunk.tokens, name, text),
        )

    async def search(self, tenant: UUID, embedding: Sequence[float], model: str, limit: int) -> list[Passage]:
        query = (
            "SELECT document, ordinal, id, page, section, title, content, 1 - (embedding <=> %(vector)s::halfvec) FROM chunks "
            "WHERE tenant = %(tenant)s AND model = %(model)s ORDER BY embedding <=> %(vector)s::halfvec, document, ordinal LIMIT %(limit)s"
        )
        values = {"vector": _vector(embedding), "tenant": tenant, "model": model, "limit": limit}
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(query, values, prepare=True)).fetchall()
        keys = await self._keyring.load(tenant, {row[0] for row in rows})
        passages = []
        for document, ordinal, id, page, section, title, content, score in rows:
            if document not in keys:
                continue  # it was erased while we searched; its rows go next
            about = _context(document, ordinal)
            decode = msgspec.msgpack.decode
            passages.append(
                Passage(
                    id=id,
                    document=document,
                    title=decode(await self._keyring.unseal(tenant, title, about), type=str),
                    ordinal=ordinal,
                    page=page,
                    section=decode(await self._keyring.unseal(tenant, section, about), type=str | None),
                    score=0.0 if score is None or score != score else min(max(float(score), 0.0), 1.0),
                    text=decode(await self._keyring.unseal(tenant, content, about), type=str),
                )
            )
        return passages

    async def pending(self, tenant: UUID) -> int:
        query = "SELECT count(*) FROM work WHERE tenant = %s AND kind = %s AND parked_at IS NULL"
        async with self._database.tenant(tenant) as connection:
            cursor = await connection.execute(query, [tenant, PROCESS_WORK], prepare=True)
            row = await cursor.fetchone()
        return row[0] if row else 0

    async def delete(self, tenant: UUID, document: UUID) -> None:
        async with self._database.tenant(tenant) as connection:
            await connection.execute(
                "DELETE FROM chunks WHERE tenant = %s AND document = %s", [tenant, document]
            )


def _context(document: UUID, ordinal: int) -> bytes:
    return b"chunk" + document.bytes + ordinal.to_bytes(4, "big")


def _vector(values: Sequence[float]) -> str:
    """pgvector's text form."""
    return "[" + ",".join(f"{value:.6g}" for value in values) + "]"
