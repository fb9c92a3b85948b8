"""Signed statements of how long a tenant's log is and what its root is, each minute with traffic and on demand.

Nothing is signed that was not written here: of each event that is new the payload must open with its key, in its context.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from application.ports import Fault, Unavailable
from domain.audit.merkle import leaf_hash
from domain.audit.note import Checkpoint, NoteRejected, sign, verifier_key, verify
from domain.base.aggregate import NIL
from domain.base.errors import Erased
from infra.audit.opening import keys_of, opens
from infra.audit.pages import page
from infra.audit.tiles import Damaged, Tiles
from infra.crypto.keyring import Keyring
from infra.log.hashing import digest_of
from infra.postgres.database import Connection, Database

log = logging.getLogger("retrace.audit")

EVERY = 60.0
"""Seconds between two checkpoints of a tenant whose log grows."""
_PURPOSE = b"signing key"


class CanNotSign(Fault):
    """The log, or what was signed of it, is not as it was left; `retrace audit verify` tells more."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint's note, and the size that it speaks of."""

    size: int
    note: str
    signed_at: datetime


def origin_of(tenant: UUID) -> str:
    """The name of a tenant's log and of its signing key."""
    return f"retrace/{tenant}"


class Checkpoints:
    """`database` has the role of the application or of the projector."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def make(self, tenant: UUID) -> Signed | None:
        """Sign the log as it stands; what is there when nothing was added since. None for an empty log. Raises CanNotSign."""
        key = await self._key(tenant)
        async with self._database.tenant(tenant) as connection:
            # One at a time for a tenant: the row stays locked until the end.
            await connection.execute(
                "SELECT 1 FROM signing_keys WHERE tenant = %s FOR NO KEY UPDATE", [tenant]
            )
            last = await _latest(connection, tenant)
            tiles = Tiles(connection, tenant, last.size if last else 0)
            name = origin_of(tenant)
            if last is not None:
                await _check(last, tiles, verifier_key(name, key.public_key()))
            await self._grow(connection, tenant, tiles)
            if tiles.size == (last.size if last else 0):
                return last
            await tiles.save()
            text = Checkpoint(name, tiles.size, await tiles.root()).text()
            signed = Signed(size=tiles.size, note=sign(text, name, key), signed_at=datetime.now(UTC))
            insert = "INSERT INTO checkpoints VALUES (%s, %s, %s, %s)"
            await connection.execute(insert, [tenant, signed.size, signed.note, signed.signed_at])
            return signed

    async def all(self, tenant: UUID) -> list[Signed]:
        """Every checkpoint, the shortest log first."""
        query = "SELECT size, note, signed_at FROM checkpoints WHERE tenant = %s ORDER BY size"
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(query, [tenant])).fetchall()
        return [Signed(size=size, note=note, signed_at=at) for size, note, at in rows]

    async def verifier_key(self, tenant: UUID) -> str:
        """The text that outsiders need; its private half is stored under the tenant's keys."""
        try:
            key = (await self._key(tenant)).public_key()
        except Erased:  # with the tenant; the public half was never sealed
            key = await self._public(tenant)
        return verifier_key(origin_of(tenant), key)

    async def attest(self, tenant: UUID, text: str) -> str:
        """Another text than a checkpoint's, as a note under the tenant's signing key. The same text is always the same note. Raises Erased, Tampered."""
        return sign(text, origin_of(tenant), await self._key(tenant))

    async def sign_last(self, tenant: UUID) -> None:
        await self._make_or_tell(tenant)

    async def due(self, system: Database) -> list[UUID]:
        """Tenants whose log is longer than their last checkpoint."""
        query = (
            "SELECT h.tenant FROM heads h LEFT JOIN LATERAL (SELECT c.size FROM checkpoints c "
            "WHERE c.tenant = h.tenant ORDER BY c.size DESC LIMIT 1) c ON true WHERE h.seq > coalesce(c.size, 0) "
            "AND h.closed_until IS DISTINCT FROM 'infinity'"
        )
        async with system.system() as connection:
            return [row[0] for row in await (await connection.execute(query)).fetchall()]

    async def run(self, system: Database, every: float = EVERY) -> None:
        """Sign what has grown, now and then, until cancelled."""
        while True:
            await asyncio.sleep(every)
            try:
                for tenant in await self.due(system):
                    await self._make_or_tell(tenant)
            except (Unavailable, psycopg.OperationalError) as error:
                log.warning("no checkpoints now, the database is away: %s", type(error).__name__)

    async def _make_or_tell(self, tenant: UUID) -> None:
        try:
            await self.make(tenant)
        except (CanNotSign, Erased) as error:
            log.error("no checkpoint for tenant %s: %s", tenant, error)

    async def _grow(self, connection: Connection, tenant: UUID, tiles: Tiles) -> None:
        while rows := await page(connection, tenant, tiles.size):
            if rows[-1][0] != tiles.size + len(rows):
                raise CanNotSign(f"the log does not go on without a hole after {tiles.size}")
            keys, gone = await keys_of((row[5] for row in rows), tenant, self._keyring)
            for seq, _, _, _, context, payload, digest, _ in rows:
                if payload is None or payload[1:17] in gone:
                    continue
                key = keys.get(payload[1:17])
                if digest_of(payload) != digest or key is None or not opens(key, payload, context):
                    raise CanNotSign(f"event {seq} is not as it was written with this tenant's keys")
            await tiles.extend([leaf_hash(row[-1]) for row in rows])

    async def _public(self, tenant: UUID) -> Ed25519PublicKey:
        query = "SELECT public FROM signing_keys WHERE tenant = %s"
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(query, [tenant])).fetchone()
        if row is None:
            raise Erased("this tenant was erased, and nothing was signed before")
        return Ed25519PublicKey.from_public_bytes(row[0])

    async def _key(self, tenant: UUID) -> Ed25519PrivateKey:
        """The tenant's signing key, made at the first use."""
        query = "SELECT public, sealed FROM signing_keys WHERE tenant = %s"
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(query, [tenant])).fetchone()
        if row is None:
            made = Ed25519PrivateKey.generate()
            public = made.public_key().public_bytes_raw()
            sealed = await self._keyring.seal(tenant, NIL, made.private_bytes_raw(), _PURPOSE + public)
            insert = (
                "INSERT INTO signing_keys (tenant, public, sealed) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
            )
            async with self._database.tenant(tenant) as connection:
                await connection.execute(insert, [tenant, public, sealed])
            return await self._key(tenant)
        public, sealed = row
        return Ed25519PrivateKey.from_private_bytes(
            await self._keyring.unseal(tenant, sealed, _PURPOSE + public)
        )


async def _check(last: Signed, tiles: Tiles, key: str) -> None:
    """A log signs nothing that does not continue what it signed before."""
    try:
        known = verify(last.note, key)
        if (known.size, known.root) == (last.size, await tiles.root()):
            return
    except (NoteRejected, Damaged) as error:
        raise CanNotSign(f"the checkpoint of size {last.size} is not as it was left: {error}") from error
    raise CanNotSign(f"the stored tree is not the one of the checkpoint of size {last.size}")


async def _latest(connection: Connection, tenant: UUID) -> Signed | None:
    query = "SELECT size, note, signed_at FROM checkpoints WHERE tenant = %s ORDER BY size DESC LIMIT 1"
    row = await (await connection.execute(query, [tenant])).fetchone()
    return Signed(size=row[0], note=row[1], signed_at=row[2]) if row else None
