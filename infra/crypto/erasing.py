"""Destroys a subject's key, and with it every text that it sealed. Implements `application.ports.Eraser`.

Only the role `retrace_eraser` may blank payloads. The hashes cover digests, not payloads, so the chain and all proofs stay as
they are. What a server keeps for a while of a removed row (until its vacuum, in its write-ahead log, in backups made before) is
sealed under the destroyed key; docs/erasure.md says what follows for backups.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from domain.base.aggregate import NIL
from domain.channels.delivery import delivery_of
from infra.crypto.keyring import Keyring
from infra.postgres.database import Connection, Database

AT_ONCE = 5_000
"""Events of one transaction, where a whole tenant goes."""


class SubjectEraser:
    """`database` has the role `retrace_eraser`."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def calls_of(self, tenant: UUID, user: UUID) -> Sequence[UUID]:
        async with self._database.tenant(tenant) as connection:
            return await _calls(connection, user)

    async def embedding_calls_of(self, tenant: UUID, user: UUID) -> Sequence[UUID]:
        async with self._database.tenant(tenant) as connection:
            return await _embedding_calls(connection, user)

    async def erase(self, tenant: UUID, subject: UUID) -> int:
        # Events of the subject's that hold nothing personal are sealed under the tenant's key, and stay.
        blank = (
            "UPDATE events SET payload = NULL "
            "WHERE tenant = %(tenant)s AND stream = ANY(%(streams)s) AND substring(payload FROM 2 FOR 16) = %(sealed)s"
        )
        values: dict[str, Any] = {"tenant": tenant, "subject": subject, "sealed": subject.bytes}
        async with self._database.tenant(tenant) as connection:
            # The key first: that waits for those who hold it to write under it, so that all they wrote is found below.
            await connection.execute(
                "DELETE FROM subject_keys WHERE tenant = %(tenant)s AND subject = %(subject)s", values
            )
            calls = [*await _calls(connection, subject), *await _embedding_calls(connection, subject)]
            values["streams"] = [subject, delivery_of(subject), *calls]
            blanked = (await connection.execute(blank, values)).rowcount
            for statement in (
                "DELETE FROM snapshots WHERE tenant = %(tenant)s AND stream = ANY(%(streams)s)",
                "DELETE FROM chunks WHERE tenant = %(tenant)s AND document = %(subject)s",
                "DELETE FROM vectors WHERE tenant = %(tenant)s AND document = %(subject)s",
                "DELETE FROM embeddings WHERE tenant = %(tenant)s AND document = %(subject)s",
                "SELECT remove_postings(%(subject)s)",
                "DELETE FROM operator_sessions WHERE tenant = %(tenant)s AND operator = %(subject)s",
                # Results that may hold an answer or a passage; requests that come again are guarded by the inbox.
                "DELETE FROM idempotency WHERE tenant = %(tenant)s",
                # At last, so that its time is that of the commit: others look for what is new (infra/crypto/forgetting.py).
                "INSERT INTO destroyed_keys (tenant, subject) VALUES (%(tenant)s, %(subject)s) ON CONFLICT DO NOTHING",
            ):
                await connection.execute(statement, values)
        self._keyring.forget(tenant, subject)
        return blanked

    async def erased(self, tenant: UUID, subjects: Collection[UUID]) -> frozenset[UUID]:
        query = "SELECT subject FROM destroyed_keys WHERE tenant = %s AND subject = ANY(%s)"
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(query, [tenant, list(subjects)])).fetchall()
        return frozenset(row[0] for row in rows)

    async def erase_tenant(self, tenant: UUID, *, but: str) -> int:
        """Its keys first: from then on nothing of it opens, whatever stops the rest; that is gone on with, in short transactions."""
        values = {"tenant": tenant, "nil": NIL, "most": AT_ONCE, "but": but}
        keys = (
            # Whoever has keys of the tenant's in memory looks for these (infra/crypto/forgetting.py); NIL stands for all of them.
            "INSERT INTO destroyed_keys (tenant, subject) SELECT tenant, subject FROM subject_keys "
            "WHERE tenant = %(tenant)s ON CONFLICT DO NOTHING",
            "INSERT INTO destroyed_keys (tenant, subject) VALUES (%(tenant)s, %(nil)s) ON CONFLICT DO NOTHING",
            "DELETE FROM subject_keys WHERE tenant = %(tenant)s",
            "DELETE FROM tenant_keys WHERE tenant = %(tenant)s",
        )
        async with self._database.tenant(tenant) as connection:
            for statement in keys:
                await connection.execute(statement, values)
        self._keyring.forget_tenant(tenant)
        blank = (
            "UPDATE events SET payload = NULL WHERE tenant = %(tenant)s AND seq = ANY (ARRAY(SELECT seq FROM events "
            "WHERE tenant = %(tenant)s AND payload IS NOT NULL ORDER BY seq LIMIT %(most)s))"
        )
        blanked = 0
        while True:
            async with self._database.tenant(tenant) as connection:
                count = (await connection.execute(blank, values)).rowcount
            blanked += count
            if count < AT_ONCE:
                break
        async with self._database.tenant(tenant) as connection:
            for statement in (
                "DELETE FROM snapshots WHERE tenant = %(tenant)s",
                "DELETE FROM chunks WHERE tenant = %(tenant)s",
                "DELETE FROM vectors WHERE tenant = %(tenant)s",
                "DELETE FROM vector_indexes WHERE tenant = %(tenant)s",  # the index itself is swept away then
                "DELETE FROM vector_recalls WHERE tenant = %(tenant)s",
                "DELETE FROM embeddings WHERE tenant = %(tenant)s",
                "DELETE FROM embedding_calls WHERE tenant = %(tenant)s",
                "DELETE FROM posting_statistics WHERE tenant = %(tenant)s",  # first, as whoever writes takes it first
                "DELETE FROM posting_documents WHERE tenant = %(tenant)s",
                "DELETE FROM postings WHERE tenant = %(tenant)s",
                "DELETE FROM idempotency WHERE tenant = %(tenant)s",
                "DELETE FROM key_uses WHERE tenant = %(tenant)s",
                "DELETE FROM operator_sessions WHERE tenant = %(tenant)s",
                "DELETE FROM webhook_lines WHERE tenant = %(tenant)s",
                "DELETE FROM work WHERE tenant = %(tenant)s AND kind <> %(but)s",
                # Of whoever stored one while the others went.
                "DELETE FROM subject_keys WHERE tenant = %(tenant)s",
                "DELETE FROM tenant_keys WHERE tenant = %(tenant)s",
            ):
                await connection.execute(statement, values)
        return blanked


async def _calls(connection: Connection, subject: UUID) -> list[UUID]:
    """The calls that the subject's key sealed."""
    cursor = await connection.execute("SELECT calls_sealed_by(%s)", [subject.bytes], binary=True)
    return [row[0] for row in await cursor.fetchall()]


async def _embedding_calls(connection: Connection, subject: UUID) -> list[UUID]:
    """Those of the embeddings API."""
    cursor = await connection.execute("SELECT embedding_calls_sealed_by(%s)", [subject.bytes], binary=True)
    return [row[0] for row in await cursor.fetchall()]
