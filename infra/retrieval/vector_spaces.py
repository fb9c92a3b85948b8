"""Vectors of several models side by side, while a tenant's passages are embedded anew: what has none of a model's yet is found, gets them beside
those that serve, and at last the others go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from application.ports import KeptText
from domain.models.completion import Source
from infra.crypto.keyring import Keyring, unseal_with
from infra.postgres.database import Database
from infra.postgres.session import Connection
from infra.retrieval.chunk_context import context_of
from infra.retrieval.half_vector import HalfVector

MODELS = "SELECT model, count(*) FROM vectors WHERE tenant = $1 GROUP BY model"
LACKING = (
    "SELECT DISTINCT document, source FROM chunks c WHERE tenant = $1 AND document <> ALL ($3) AND NOT EXISTS ("
    "SELECT 1 FROM vectors v WHERE v.tenant = $1 AND v.document = c.document AND v.ordinal = c.ordinal AND v.model = $2) "
    "ORDER BY document LIMIT $4"
)
TEXTS = "SELECT ordinal, id, content FROM chunks WHERE tenant = $1 AND document = $2 ORDER BY ordinal"

# Only of what still says what was embedded.
ADD = (
    "INSERT INTO vectors (tenant, document, ordinal, model, embedding) SELECT tenant, document, ordinal, %s, %s::halfvec "
    "FROM chunks WHERE tenant = %s AND document = %s AND ordinal = %s AND id = %s ON CONFLICT DO NOTHING"
)


class VectorSpaces:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    async def models(self, tenant: UUID) -> Mapping[str, int]:
        return dict(await self._database.read(tenant, MODELS, tenant))

    async def lacking(
        self, tenant: UUID, model: str, limit: int, but: Sequence[UUID] = ()
    ) -> Sequence[tuple[UUID, Source]]:
        rows = await self._database.read(tenant, LACKING, tenant, model, list(but), limit)
        return [(document, source) for document, source in rows]

    async def texts(self, tenant: UUID, document: UUID) -> Sequence[KeptText]:
        key = (await self._keyring.load(tenant, [document])).get(document)
        if key is None:
            return []
        return [
            KeptText(
                ordinal=ordinal,
                id=id,
                text=msgspec.msgpack.decode(
                    unseal_with(key, content, context_of(document, ordinal)), type=str
                ),
            )
            for ordinal, id, content in await self._database.read(tenant, TEXTS, tenant, document)
        ]

    async def add(
        self, tenant: UUID, document: UUID, model: str, vectors: Mapping[tuple[int, str], Sequence[float]]
    ) -> None:
        async with self._database.tenant(tenant) as connection, connection.cursor() as cursor:
            await in_turn(connection, document)
            held = await (await cursor.execute("SELECT hold_key(%s)", [document])).fetchone()
            if held == (True,):
                rows = [
                    (model, HalfVector(vector), tenant, document, ordinal, id)
                    for (ordinal, id), vector in vectors.items()
                ]
                await cursor.executemany(ADD, rows)

    async def keep_only(self, tenant: UUID, model: str) -> None:
        async with self._database.tenant(tenant) as connection:
            for table in ("vectors", "embeddings"):
                query = f"DELETE FROM {table} WHERE tenant = %s AND model <> %s"
                await connection.execute(query.encode(), [tenant, model])


async def in_turn(connection: Connection, document: UUID) -> None:
    """Whoever puts a document's chunks in place, or vectors beside them, and whoever takes them away do so one after the other: the second
    sees what the first has seen, and done."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 230))", [document])
