"""Snapshots: an aggregate's state at a version, typed, sealed, disposable.

One per stream, the newest. A state is read back only if its type is still the one that wrote it, told by a fingerprint of
its schema; otherwise, and when there is none, the stream is replayed from its first event.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.base.aggregate import Aggregate
from infra.crypto.keyring import KeyErased, Keyring
from infra.log.hashing import snapshot_context
from infra.postgres.database import Database

A = TypeVar("A", bound=Aggregate[Any])

EVERY = 100
"""Events that a load may replay; one that had to replay so many keeps a snapshot."""

LONG = 10_000
"""Streams that a process remembers to have so many events, and maybe a snapshot."""


def fingerprint(state: type[Any]) -> str:
    """Changes whenever a field of the state, or of anything within it, changes its name, type or default."""
    return sha256(msgspec.json.encode(msgspec.json.schema(state), order="sorted")).hexdigest()[:16]


@cache
def _fingerprint(kind: type[Aggregate[Any]]) -> str:
    return fingerprint(kind.State)


class Snapshots:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def load(self, kind: type[A], id: UUID, tenant: UUID, until: int | None = None) -> A | None:
        """The aggregate as of its snapshot, if there is one that fits and is not newer than version `until`."""
        query = (
            "SELECT version, hash, created_at, modified_at, state FROM snapshots "
            "WHERE tenant = $1 AND stream = $2 AND schema = $3 AND version <= $4"
        )
        schema = _fingerprint(kind)
        rows = await self._database.read(tenant, query, tenant, id, schema, until or 2**31 - 1)
        if not rows:
            return None
        version, hash, created, modified, sealed = rows[0]
        try:
            data = await self._keyring.unseal(
                tenant, sealed, snapshot_context(tenant, id, version, schema, hash)
            )
        except KeyErased:
            return None
        state = msgspec.msgpack.decode(data, type=kind.State)
        aggregate = kind.restore(id, version, state, created, modified)
        aggregate.chain = hash
        return aggregate

    async def save(self, aggregate: Aggregate[Any], tenant: UUID) -> None:
        """Keep this state, unless a newer one is kept already."""
        schema = _fingerprint(type(aggregate))
        context = snapshot_context(tenant, aggregate.id, aggregate.version, schema, aggregate.chain)
        data = msgspec.msgpack.encode(aggregate.state)
        sealed = await self._keyring.seal(tenant, aggregate.subject, data, context)
        query = (
            "INSERT INTO snapshots AS s (tenant, stream, version, schema, hash, created_at, modified_at, state) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (tenant, stream) DO UPDATE SET "
            "version = excluded.version, schema = excluded.schema, hash = excluded.hash, "
            "created_at = excluded.created_at, modified_at = excluded.modified_at, state = excluded.state "
            "WHERE s.version < excluded.version OR s.schema <> excluded.schema"
        )
        async with self._database.tenant(tenant) as connection:
            values = [tenant, aggregate.id, aggregate.version, schema, aggregate.chain]
            await connection.execute(query, [*values, aggregate.created_on, aggregate.modified_on, sealed])
