"""The first result of a request again, when the request comes again under the same key."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from domain.errors import Conflict, Refused
from infra.crypto.keyring import Keyring
from infra.database import Database

LEASE = timedelta(seconds=90)
"""After which a request that said nothing is taken to have died; it may be sent again then."""

KEPT = timedelta(hours=25)


class Kept(msgspec.Struct, frozen=True):
    """A response."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Idempotency:
    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def begin(self, tenant: UUID, key: str, fingerprint: bytes) -> Kept | None:
        """None: go on, and `finish`. Else the first result. Raises Refused for another body, Conflict while the twin runs."""
        insert = (
            "INSERT INTO idempotency AS i (tenant, key, fingerprint, lease_until) VALUES (%(t)s, %(k)s, %(f)s, now() + %(lease)s) "
            "ON CONFLICT (tenant, key) DO UPDATE SET fingerprint = excluded.fingerprint, lease_until = excluded.lease_until, "
            "response = NULL, created_at = now() WHERE i.created_at < now() - %(kept)s "
            "OR (i.response IS NULL AND i.lease_until < now() AND i.fingerprint = excluded.fingerprint) RETURNING true"
        )
        values = {"t": tenant, "k": key, "f": fingerprint, "lease": LEASE, "kept": KEPT}
        async with self._database.tenant(tenant) as connection:
            if await (await connection.execute(insert, values)).fetchone():
                return None
            query = "SELECT fingerprint, response FROM idempotency WHERE tenant = %s AND key = %s"
            row = await (await connection.execute(query, [tenant, key])).fetchone()
        if row is None:
            raise Conflict("a request with this Idempotency-Key has just ended; send it again")
        if bytes(row[0]) != fingerprint:
            raise Refused("this Idempotency-Key was used with another request; take a new one")
        if row[1] is None:
            raise Conflict("a request with this Idempotency-Key is still running; wait for its answer")
        data = await self._keyring.unseal(tenant, bytes(row[1]), _context(key))
        return msgspec.msgpack.decode(data, type=Kept)

    async def finish(self, tenant: UUID, key: str, kept: Kept) -> None:
        sealed = await self._keyring.seal(tenant, tenant, msgspec.msgpack.encode(kept), _context(key))
        update = "UPDATE idempotency SET response = %s WHERE tenant = %s AND key = %s"
        async with self._database.tenant(tenant) as connection:
            await connection.execute(update, [sealed, tenant, key])

    async def abandon(self, tenant: UUID, key: str) -> None:
        """The request failed on our side: it may be sent again at once."""
        async with self._database.tenant(tenant) as connection:
            await connection.execute("DELETE FROM idempotency WHERE tenant = %s AND key = %s", [tenant, key])


def _context(key: str) -> bytes:
    return b"idempotency" + key.encode()
