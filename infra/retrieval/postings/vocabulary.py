"""Words of a tenant's documents, in memory once a question has one that is in none of them."""

from __future__ import annotations

import asyncio
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from domain.retrieval.spelling import Vocabulary
from infra.crypto.keyring import Keyring, unseal_with
from infra.postgres.database import Database

DOCUMENTS, WORDS = 500, 50_000
"""Of a tenant, at most: the documents that were indexed last."""

TENANTS = 16
"""Whose words a process has at once (some megabytes each at most)."""

SEALED = "SELECT document, words FROM posting_documents WHERE tenant = $1 AND words IS NOT NULL ORDER BY base DESC LIMIT $2"

Version = tuple[int, int]
"""Number of the tenant's next chunk, and how many there are: another one whenever a document comes or goes."""


class Vocabularies:
    """What a key has opened is dropped with it."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring
        self._known: OrderedDict[UUID, tuple[Version, Vocabulary]] = OrderedDict()
        keyring.on_forget(self._forget)

    async def seal(self, tenant: UUID, document: UUID, words: Iterable[str]) -> bytes:
        packed = zlib.compress("\n".join(sorted(words)).encode())
        return await self._keyring.seal(tenant, document, packed, _context(document))

    async def of(self, tenant: UUID, version: Version) -> Vocabulary:
        known = self._known.get(tenant)
        if known is None or known[0] != version:
            known = self._known[tenant] = version, await self._load(tenant)
        self._known.move_to_end(tenant)
        if len(self._known) > TENANTS:
            self._known.popitem(last=False)
        return known[1]

    async def _load(self, tenant: UUID) -> Vocabulary:
        rows = await self._database.read(tenant, SEALED, tenant, DOCUMENTS)
        keys = await self._keyring.load(tenant, [row[0] for row in rows])
        words: set[str] = set()
        for document, sealed in rows:
            if document in keys and len(words) < WORDS:  # else it was erased meanwhile
                packed = unseal_with(keys[document], sealed, _context(document))
                words.update(zlib.decompress(packed).decode().split("\n"))
                await asyncio.sleep(0)
        return Vocabulary(words)

    def _forget(self, tenant: UUID, _subject: UUID | None) -> None:
        self._known.pop(tenant, None)


def _context(document: UUID) -> bytes:
    return b"vocabulary" + document.bytes
