"""The first result of a request again, when the request comes again under the same key."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from application.ports import IdempotencyKey, Kept
from domain.base.errors import Conflict, Refused
from infra.crypto.keyring import Keyring
from infra.postgres.database import Database

LEASE = timedelta(seconds=90)
"""After which a request that said nothing is taken to have died; it may be sent again then."""

KEPT = timedelta(hours=25)
"""How long results stay; then the key is free. Each new one takes some old ones along (infra/schema/140_sweep_idempotency.sql)."""

_BEGIN = """
    INSERT INTO idempotency AS i (tenant, key, fingerprint, lease_until)
    VALUES (%(tenant)s, %(key)s, %(fingerprint)s, now() + %(lease)s)
    ON CONFLICT (tenant, key) DO UPDATE
    SET fingerprint = excluded.fingerprint, lease_until = excluded.lease_until, response = NULL, created_at = now()
    WHERE i.created_at < now() - %(kept)s::interval
        OR (i.response IS NULL AND i.lease_until < now() AND i.fingerprint = excluded.fingerprint)
    RETURNING true
"""


class StoredIdempotency:
    """In the database, sealed. Implements `application.ports.Idempotency`."""

    def __init__(self, database: Database, keyring: Keyring, *, lease: timedelta = LEASE) -> None:
        self._database = database
        self._keyring = keyring
        self._lease = lease

    async def begin(self, key: IdempotencyKey, fingerprint: bytes) -> Kept | None:
        name = await self._name(key)
        values = {"tenant": key.tenant, "key": name, "fingerprint": fingerprint}
        times = {"lease": self._lease, "kept": KEPT}
        async with self._database.tenant(key.tenant) as connection:
            if await (await connection.execute(_BEGIN, {**values, **times})).fetchone():
                await connection.execute("SELECT sweep_idempotency()")
                return None
            query = (
                "SELECT fingerprint, response FROM idempotency WHERE tenant = %(tenant)s AND key = %(key)s"
            )
            row = await (await connection.execute(query, values)).fetchone()
        if row is None:
            raise Conflict("a request with this Idempotency-Key has just ended; send it again")
        if bytes(row[0]) != fingerprint:
            raise Refused("this Idempotency-Key was used with another request; take a new one")
        if row[1] is None:
            raise Conflict("a request with this Idempotency-Key is still running; wait for its answer")
        data = await self._keyring.unseal(key.tenant, bytes(row[1]), _context(name))
        return msgspec.msgpack.decode(data, type=Kept)

    async def extend(self, key: IdempotencyKey) -> None:
        update = "UPDATE idempotency SET lease_until = now() + %s WHERE tenant = %s AND key = %s AND response IS NULL"
        name = await self._name(key)
        async with self._database.tenant(key.tenant) as connection:
            await connection.execute(update, [self._lease, key.tenant, name])

    async def finish(self, key: IdempotencyKey, kept: Kept) -> None:
        name = await self._name(key)
        sealed = await self._keyring.seal(
            key.tenant, key.tenant, msgspec.msgpack.encode(kept), _context(name)
        )
        # Whoever outlived its lease and was overtaken comes too late here: the first result stays.
        update = "UPDATE idempotency SET response = %s WHERE tenant = %s AND key = %s AND response IS NULL"
        async with self._database.tenant(key.tenant) as connection:
            await connection.execute(update, [sealed, key.tenant, name])

    async def abandon(self, key: IdempotencyKey) -> None:
        delete = "DELETE FROM idempotency WHERE tenant = %s AND key = %s AND response IS NULL"
        name = await self._name(key)
        async with self._database.tenant(key.tenant) as connection:
            await connection.execute(delete, [key.tenant, name])

    async def _name(self, key: IdempotencyKey) -> str:
        """A client may put anything into its key: it is stored as a keyed hash, with whose it is."""
        return (await self._keyring.identify(key.tenant, "idempotency", key.caller, key.text)).hex


def _context(name: str) -> bytes:
    return b"idempotency" + name.encode()
