"""A durable cache of embeddings, in the tenant's rows. Implements `application.ports.KeptEmbeddings`.

The key is a keyed hash of the text, the vector sealed: neither tells anything to whoever has the rows alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.base.aggregate import NIL
from infra.crypto.keyring import Keyring, unseal_with
from infra.postgres.database import Database
from infra.retrieval.half_vector import HalfVector

FIND = (
    "SELECT DISTINCT ON (key) key, document, vector FROM embeddings "
    "WHERE tenant = $1 AND model = $2 AND key = ANY($3) ORDER BY key, document <> $4"
)
KEEP = (
    "INSERT INTO embeddings (tenant, document, model, key, vector) VALUES (%s, %s, %s, %s, %s) "
    "ON CONFLICT DO NOTHING"
)
CALL = "INSERT INTO embedding_calls (tenant, call, paid) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


class PgEmbeddings:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    async def find(
        self, tenant: UUID, document: UUID, model: str, keys: Sequence[UUID]
    ) -> Mapping[UUID, tuple[UUID, Sequence[float]]]:
        rows = await self._database.read(tenant, FIND, tenant, model, list(keys), document)
        opened = await self._keyring.load(tenant, {row[1] for row in rows})
        return {
            key: (whose, HalfVector.values(unseal_with(opened[whose], vector, _context(whose, model, key))))
            for key, whose, vector in rows
            if whose in opened  # else it was erased just now
        }

    async def keep(
        self,
        tenant: UUID,
        model: str,
        vectors: Mapping[UUID, Mapping[UUID, Sequence[float]]],
        call: UUID | None = None,
        paid: bytes = b"",
    ) -> None:
        # Before the transaction, as both may have to get a key by another connection.
        there = await self._keyring.load(tenant, list(vectors))
        rows = {
            document: [
                (tenant, document, model, key, await self._sealed(tenant, document, model, key, vector))
                for key, vector in some.items()
            ]
            for document, some in vectors.items()
            if document in there
        }
        sealed = b"" if call is None else await self._keyring.seal(tenant, NIL, paid, _call(call))
        async with self._database.tenant(tenant) as connection, connection.cursor() as cursor:
            for document in sorted(rows):  # in one order, so that no two wait for each other
                # An erasure comes before this transaction, and is seen, or after it, and takes the rows along.
                held = await (await cursor.execute("SELECT hold_key(%s)", [document])).fetchone()
                if rows[document] and held == (True,):
                    await cursor.executemany(KEEP, rows[document])
            if call is not None:
                await cursor.execute(CALL, [tenant, call, sealed])

    async def unrecorded(self, tenant: UUID) -> Sequence[tuple[UUID, bytes]]:
        rows = await self._database.read(
            tenant, "SELECT call, paid FROM embedding_calls WHERE tenant = $1", tenant
        )
        return [(call, await self._keyring.unseal(tenant, paid, _call(call))) for call, paid in rows]

    async def recorded(self, tenant: UUID, call: UUID) -> None:
        async with self._database.tenant(tenant) as connection:
            query = "DELETE FROM embedding_calls WHERE tenant = %s AND call = %s"
            await connection.execute(query, [tenant, call])

    async def _sealed(
        self, tenant: UUID, document: UUID, model: str, key: UUID, vector: Sequence[float]
    ) -> bytes:
        return await self._keyring.seal(tenant, document, HalfVector(vector), _context(document, model, key))


def _context(document: UUID, model: str, key: UUID) -> bytes:
    return b"embedding" + document.bytes + key.bytes + model.encode()


def _call(call: UUID) -> bytes:
    return b"embedding call" + call.bytes
