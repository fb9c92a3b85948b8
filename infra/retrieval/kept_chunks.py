"""Chunks of a document as they are in the index: looked at, counted, and shown to be gone. Implements `application.ports.Chunks`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.ports import ChunkStatistics, KeptChunk, Remains
from infra.crypto.keyring import Keyring, unseal_with
from infra.postgres.database import Database
from infra.retrieval.chunk_context import context_of

PAGE = (
    "SELECT ordinal, id, page, last_page, section, tokens, content FROM chunks "
    "WHERE tenant = $1 AND document = $2 AND ordinal > $3 ORDER BY ordinal LIMIT $4"
)
STATISTICS = (
    "SELECT count(*), coalesce(sum(tokens), 0)::bigint, coalesce(min(tokens), 0), coalesce(max(tokens), 0) "
    "FROM chunks WHERE tenant = $1 AND document = $2"
)
REMAINS = (
    "SELECT (SELECT count(*) FROM chunks WHERE tenant = $1 AND document = $2), "
    "(SELECT count(*) FROM vectors WHERE tenant = $1 AND document = $2), "
    "(SELECT count(*) FROM posting_documents WHERE tenant = $1 AND document = $2), "
    "(SELECT count(*) FROM embeddings WHERE tenant = $1 AND document = $2)"
)


class PgChunks:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    async def page(self, tenant: UUID, document: UUID, after: int, limit: int) -> Sequence[KeptChunk]:
        rows = await self._database.read(tenant, PAGE, tenant, document, after, limit)
        key = (await self._keyring.load(tenant, [document])).get(document)
        if key is None:
            return []
        decode = msgspec.msgpack.decode
        found = []
        for ordinal, id, page, last_page, section, tokens, content in rows:
            about = context_of(document, ordinal)
            found.append(
                KeptChunk(
                    id=id,
                    ordinal=ordinal,
                    page=page,
                    last_page=last_page,
                    section=decode(unseal_with(key, section, about), type=str | None),
                    tokens=tokens,
                    text=decode(unseal_with(key, content, about), type=str),
                )
            )
        return found

    async def statistics(self, tenant: UUID, document: UUID) -> ChunkStatistics:
        [(count, tokens, least, most)] = await self._database.read(tenant, STATISTICS, tenant, document)
        average = round(tokens / count, 1) if count else 0.0
        return ChunkStatistics(chunks=count, tokens=tokens, smallest=least, largest=most, average=average)

    async def remains(self, tenant: UUID, document: UUID) -> Remains:
        [(chunks, vectors, words, embeddings)] = await self._database.read(tenant, REMAINS, tenant, document)
        return Remains(chunks=chunks, vectors=vectors, words=words, embeddings=embeddings)
