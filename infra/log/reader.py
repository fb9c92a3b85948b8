"""Events out of the log: decrypted, decoded, with their columns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.base import Event
from domain.errors import NotFound
from domain.recorded import Recorded
from infra.crypto.keyring import Keyring, subject_of, unseal_with
from infra.database import Database
from infra.log import codec
from infra.log.hashing import context_bytes, microseconds

COLUMNS = "seq, stream, version, topic, recorded_at, actor, correlation, causation, digest, hash, payload"
PAGE = 1000
"""Events of one query when a whole stream or log is read."""

Row = tuple[int, UUID, int, str, datetime, str, UUID, UUID | None, bytes, bytes, bytes | None]


class Reader:
    """Reads one tenant's events at a time, under row-level security."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def batch(
        self, tenant: UUID, after: int, limit: int, topics: Collection[str] | None = None
    ) -> list[Recorded]:
        """At most `limit` events from position `after` + 1 on, every one of them. Payloads of other topics than `topics`
        (None: all) are neither fetched nor decrypted: their `event` is None."""
        payload = "payload" if topics is None else "CASE WHEN topic = ANY(%(topics)s) THEN payload END"
        query = (
            f"SELECT {COLUMNS.removesuffix('payload')} {payload} FROM events "
            "WHERE tenant = %(tenant)s AND seq > %(after)s ORDER BY seq LIMIT %(limit)s"
        )
        values = {"tenant": tenant, "after": after, "limit": limit, "topics": list(topics or ())}
        return await self._read(tenant, query, values)

    async def chosen(self, tenant: UUID, after: int, limit: int, topics: Sequence[str]) -> list[Recorded]:
        """At most `limit` events of `topics` from position `after` + 1 on."""
        query = (
            f"SELECT {COLUMNS} FROM events "
            "WHERE tenant = %(tenant)s AND seq > %(after)s AND topic = ANY(%(topics)s) ORDER BY seq LIMIT %(limit)s"
        )
        return await self._read(
            tenant, query, {"tenant": tenant, "after": after, "limit": limit, "topics": list(topics)}
        )

    async def stream(
        self, tenant: UUID, stream: UUID, after: int = 0, until: int | None = None, limit: int = PAGE
    ) -> list[Recorded]:
        """At most `limit` events of a stream, from version `after` + 1 to `until`."""
        query = (
            f"SELECT {COLUMNS} FROM events WHERE tenant = %(tenant)s AND stream = %(stream)s AND version > %(after)s "
            "AND version <= %(until)s ORDER BY version LIMIT %(limit)s"
        )
        values = {
            "tenant": tenant,
            "stream": stream,
            "after": after,
            "until": until or 2**31 - 1,
            "limit": limit,
        }
        return await self._read(tenant, query, values)

    async def at(self, tenant: UUID, position: int) -> Recorded:
        """One event. Raises NotFound."""
        for recorded in await self.batch(tenant, position - 1, 1):
            if recorded.position == position:
                return recorded
        raise NotFound(f"this tenant has no event {position}")

    async def pages(
        self, tenant: UUID, after: int = 0, limit: int | None = None, topics: Sequence[str] = ()
    ) -> AsyncIterator[Recorded]:
        """The tenant's events in order of position, read in pages."""
        left = limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = await (
                self.chosen(tenant, after, size, topics) if topics else self.batch(tenant, after, size)
            )
            for recorded in page:
                yield recorded
            if len(page) < size:
                return
            after = page[-1].position
            left = None if left is None else left - len(page)

    async def _read(self, tenant: UUID, query: str, values: dict[str, Any]) -> list[Recorded]:
        async with self._database.tenant(tenant) as connection:
            cursor = await connection.execute(query, values, binary=True, prepare=True)
            rows: list[Row] = await cursor.fetchall()
        subjects = {subject_of(row[10]) for row in rows if row[10] is not None}
        keys = await self._keyring.load(tenant, subjects)
        return [self._recorded(tenant, row, keys) for row in rows]

    def _recorded(self, tenant: UUID, row: Row, keys: dict[UUID, Any]) -> Recorded:
        (
            position,
            stream,
            version,
            topic,
            recorded_at,
            actor,
            correlation,
            causation,
            digest,
            hash,
            payload,
        ) = row
        event: Event | None = None
        key = keys.get(subject_of(payload)) if payload is not None else None
        if payload is not None and key is not None:
            context = context_bytes(
                tenant.bytes,
                stream.bytes,
                version,
                microseconds(recorded_at),
                correlation.bytes,
                causation.bytes if causation else None,
                topic,
                actor,
            )
            event = codec.decode(topic, unseal_with(key, payload, context), stream, version, recorded_at)
        return Recorded(
            position,
            tenant,
            stream,
            version,
            topic,
            recorded_at,
            actor,
            correlation,
            causation,
            digest,
            hash,
            event,
        )
