"""Postings of documents whose words are not indexed, or by other rules: made of the sealed texts that are there."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.ports import Chunk
from domain.retrieval.terms import RULES
from infra.crypto.keyring import Keyring, unseal_with
from infra.postgres.database import Connection, Database
from infra.retrieval.chunk_context import context_of
from infra.retrieval.postings.postings import Postings

NEXT = (
    "SELECT document FROM chunks c WHERE tenant = $1 AND document > $2 AND NOT EXISTS ("
    "SELECT 1 FROM posting_documents p WHERE p.tenant = $1 AND p.document = c.document AND p.made = $3"
    ") ORDER BY document LIMIT 1"
)
CHUNKS = "SELECT ordinal, id, section, content, terms FROM chunks WHERE tenant = $1 AND document = $2 ORDER BY ordinal"


async def index_next(
    tenant: UUID, after: UUID, database: Database, keyring: Keyring, postings: Postings
) -> UUID | None:
    """Index one document's words. Which it was, whether or not it was still there then; None: there is none above `after`."""
    rows = await database.read(tenant, NEXT, tenant, after, RULES)
    if not rows:
        return None
    document: UUID = rows[0][0]
    key = (await keyring.load(tenant, [document])).get(document)
    if key is None:  # erased; its rows go next
        return document
    chunks = []
    for ordinal, id, section, content, terms in await database.read(tenant, CHUNKS, tenant, document):
        about, decode = context_of(document, ordinal), msgspec.msgpack.decode
        chunks.append(
            Chunk(
                id=id,
                ordinal=ordinal,
                page=None,
                section=decode(unseal_with(key, section, about), type=str | None),
                tokens=0,
                text=decode(unseal_with(key, content, about), type=str),
                terms="" if terms is None else decode(unseal_with(key, terms, about), type=str),
                embedding=(),
            )
        )
    made = await postings.prepare(tenant, document, chunks)
    async with database.tenant(tenant) as connection:
        await postings.take_turn(connection, tenant)
        if await _as_read(connection, tenant, document, chunks):
            await postings.replace(connection, tenant, document, made)
    return document


async def _as_read(connection: Connection, tenant: UUID, document: UUID, chunks: list[Chunk]) -> bool:
    """Whether it is still there, and nobody has indexed it meanwhile."""
    held = await (await connection.execute("SELECT hold_key(%s)", [document])).fetchone()
    query = (
        "SELECT array_agg(id ORDER BY ordinal), EXISTS (SELECT 1 FROM posting_documents "
        "WHERE tenant = %(tenant)s AND document = %(document)s AND made = %(made)s) "
        "FROM chunks WHERE tenant = %(tenant)s AND document = %(document)s"
    )
    values = {"tenant": tenant, "document": document, "made": RULES}
    there = await (await connection.execute(query, values)).fetchone()
    return held == (True,) and there == ([each.id for each in chunks], False)
