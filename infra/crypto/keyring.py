"""Envelope encryption: subject keys under tenant keys under a master key, all AES-256-GCM.

A sealed text = format u8 (1) | subject 16 | nonce 12 | ciphertext and tag. The subject names the key; the additional data
is the caller's context. Master and tenant keys rotate by wrapping anew what lies under them (`infra/crypto/rotating.py`); what
a subject key sealed is never rewritten.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.base.aggregate import NIL
from domain.base.errors import Erased, Moved
from infra.crypto.wrapping import Masters, unwrap, wrap
from infra.crypto.wrapping import Tampered as Tampered  # whoever unseals meets it
from infra.postgres.database import Database

FORMAT = b"\x01"
HEADER = 1 + 16 + 12
CACHED = 100_000
"""Subject keys held in memory, per process (about 200 bytes each)."""
KEYS = "SELECT subject, generation, wrapped FROM subject_keys WHERE tenant = $1 AND subject = ANY($2)"
MOVED = "SELECT place FROM tenant_moves WHERE tenant = $1 AND state = 'moved'"
FRESH = 5.0
"""Seconds for which a process takes the newest generation of a tenant's key that it knows for the newest that there is."""


class WrappedKey(msgspec.Struct, frozen=True):
    """A subject's new key as it is stored."""

    subject: UUID
    generation: int
    wrapped: bytes


class KeyErased(Erased):
    """This subject's key was destroyed; what it sealed can't be read again."""


def seal_with(key: AESGCM, subject: UUID, data: bytes, context: bytes) -> bytes:
    nonce = os.urandom(12)
    return b"".join((FORMAT, subject.bytes, nonce, key.encrypt(nonce, data, context)))


def subject_of(sealed: bytes) -> bytes:
    """Whose key sealed this: the subject's 16 bytes. Raises Tampered for what is no sealed text."""
    if len(sealed) < HEADER + 16 or sealed[:1] != FORMAT:
        raise Tampered("not a sealed text: its header is damaged")
    return sealed[1:17]


def unseal_with(key: AESGCM, sealed: bytes, context: bytes) -> bytes:
    try:
        return key.decrypt(sealed[17:HEADER], sealed[HEADER:], context)
    except InvalidTag:
        raise Tampered("a stored ciphertext or its context was changed") from None


class Keyring:
    """Keys of all tenants, loaded when first needed and cached. Safe to share within a process."""

    def __init__(self, database: Database, master: bytes) -> None:
        """`master`: 32 bytes, or as many times 32 as there are master keys, the current one first."""
        self._database = database
        self._masters = Masters(master)
        self._tenants: dict[UUID, tuple[float, int, AESGCM]] = {}
        self._generations: dict[tuple[UUID, int], AESGCM] = {}
        self._subjects: OrderedDict[tuple[UUID, UUID], AESGCM] = OrderedDict()
        self.served: set[UUID] = set()
        """Tenants of which it had subjects' keys."""
        self._secrets: dict[UUID, bytes] = {}
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._forgetting: list[Callable[[UUID, UUID | None], None]] = []

    async def seal(self, tenant: UUID, subject: UUID, data: bytes, context: bytes) -> bytes:
        """Encrypt under the subject's key, which is made and stored first if there never was one. Raises KeyErased."""
        key = self.cached(tenant, subject) or (await self.load(tenant, [subject])).get(subject)
        if key is None:
            key = await self.make(tenant, subject)
        return seal_with(key, subject, data, context)

    async def unseal(self, tenant: UUID, data: bytes, context: bytes) -> bytes:
        """Decrypt. Raises KeyErased when the key was destroyed, Tampered when data or context were changed."""
        subject = UUID(bytes=subject_of(data))
        key = self.cached(tenant, subject) or (await self.load(tenant, [subject])).get(subject)
        if key is None:
            raise KeyErased
        return unseal_with(key, data, context)

    async def identify(self, tenant: UUID, *parts: str) -> UUID:
        """A stable UUID (version 8) for a name: HMAC-SHA-256 under a secret of the tenant's."""
        secret = await self._named(tenant)
        text = b"".join(len(part := text.encode()).to_bytes(4, "big") + part for text in parts)
        value = bytearray(hmac.digest(secret, text, "sha256")[:16])
        value[6] = 0x80 | value[6] & 0x0F
        value[8] = 0x80 | value[8] & 0x3F
        return UUID(bytes=bytes(value))

    async def derive(self, tenant: UUID, purpose: str) -> bytes:
        """A key of 32 bytes for whoever makes many keyed hashes of one kind. It goes with the tenant's."""
        return hmac.digest(await self._named(tenant), b"derived " + purpose.encode(), "sha256")

    def cached(self, tenant: UUID, subject: UUID) -> AESGCM | None:
        return self._subjects.get((tenant, subject))

    async def load(self, tenant: UUID, subjects: Iterable[UUID]) -> dict[UUID, AESGCM]:
        """The keys of those subjects that have one."""
        subjects = list(subjects)
        found = {s: key for s in subjects if (key := self._subjects.get((tenant, s))) is not None}
        missing = [subject for subject in subjects if subject not in found]
        if missing:
            found |= await self.opened(tenant, await self._database.read(tenant, KEYS, tenant, missing))
        return found

    async def opened(self, tenant: UUID, rows: Iterable[Sequence[Any]]) -> dict[UUID, AESGCM]:
        """The keys of what KEYS has found, for whoever asks more of the database in the same round trip."""
        found = {}
        for subject, generation, wrapped in rows:
            parent = await self._generation(tenant, generation)
            secret = unwrap(parent, wrapped, tenant, generation, subject)
            found[subject] = self.remember(tenant, subject, AESGCM(secret))
        return found

    async def destroyed(self, tenant: UUID, subjects: Iterable[UUID]) -> set[UUID]:
        """Those of the subjects whose keys were destroyed."""
        query = "SELECT subject FROM destroyed_keys WHERE tenant = $1 AND subject = ANY($2)"
        return {row[0] for row in await self._database.read(tenant, query, tenant, list(subjects))}

    async def new_key(self, tenant: UUID, subject: UUID) -> tuple[AESGCM, WrappedKey]:
        """A key that is not stored yet: it is to be written with the subject's first event."""
        generation, parent = await self._current(tenant)
        secret = AESGCM.generate_key(256)
        return AESGCM(secret), WrappedKey(
            subject, generation, wrap(parent, secret, tenant, generation, subject)
        )

    def remember(self, tenant: UUID, subject: UUID, key: AESGCM) -> AESGCM:
        self._subjects[tenant, subject] = key
        self.served.add(tenant)
        if len(self._subjects) > CACHED:
            self._subjects.popitem(last=False)
        return key

    def on_forget(self, forget: Callable[[UUID, UUID | None], None]) -> None:
        """`forget` is called for each subject whose key is dropped from memory, with None for all of a tenant's: whoever keeps what such a
        key has opened drops it too."""
        self._forgetting.append(forget)

    def forget(self, tenant: UUID, subject: UUID) -> None:
        """Drop a key from memory."""
        self._subjects.pop((tenant, subject), None)
        for forget in self._forgetting:
            forget(tenant, subject)

    def forget_tenant(self, tenant: UUID) -> None:
        """Drop all of a tenant's keys from memory."""
        for subject in [each for each in self._subjects if each[0] == tenant]:
            del self._subjects[subject]
        for generation in [each for each in self._generations if each[0] == tenant]:
            del self._generations[generation]
        self._tenants.pop(tenant, None)
        self._secrets.pop(tenant, None)
        for forget in self._forgetting:
            forget(tenant, None)

    async def make(self, tenant: UUID, subject: UUID) -> AESGCM:
        """Store a new key unless somebody else just has; return the one that is stored. Raises KeyErased."""
        _, new = await self.new_key(tenant, subject)
        insert = "INSERT INTO subject_keys VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
        destroyed = "SELECT 1 FROM destroyed_keys WHERE tenant = %s AND subject = %s"
        async with self._database.tenant(tenant) as connection:
            await connection.execute(insert, [tenant, subject, new.generation, new.wrapped])
            # Asked after the insert, which waits for an erasure that is under way.
            if await (await connection.execute(destroyed, [tenant, subject])).fetchone() is not None:
                raise KeyErased
        if (key := (await self.load(tenant, [subject])).get(subject)) is None:
            raise KeyErased
        return key

    async def check(self, tenant: UUID) -> bool:
        """Seal and open a text under the tenant's newest key, which is read and unwrapped anew; False: it has none, or none any more.

        Raises Tampered, MasterKeyMissing.
        """
        newest = "SELECT generation, wrapped, master FROM tenant_keys WHERE tenant = $1 ORDER BY generation DESC LIMIT 1"
        if not (rows := await self._database.read(tenant, newest, tenant)):
            return False
        generation, wrapped, master = rows[0]
        key = AESGCM(self._masters.open(wrapped, master, tenant, generation)[0])
        return unseal_with(key, seal_with(key, NIL, b"", b"check"), b"check") == b""

    async def _named(self, tenant: UUID) -> bytes:
        if (secret := self._secrets.get(tenant)) is None:
            secret = self._secrets[tenant] = await self._secret(tenant)
        return secret

    async def _secret(self, tenant: UUID) -> bytes:
        """The tenant's secret for names. It is a MAC of a fixed text, so that no other form of the key is kept."""
        key = (
            self.cached(tenant, NIL)
            or (await self.load(tenant, [NIL])).get(NIL)
            or await self.make(tenant, NIL)
        )
        return key.encrypt(bytes(12), b"", b"names")

    async def _current(self, tenant: UUID) -> tuple[int, AESGCM]:
        """The tenant's newest key."""
        if (known := self._fresh(tenant)) is not None:
            return known
        if (lock := self._locks.get(tenant)) is None:
            lock = self._locks[tenant] = asyncio.Lock()
        async with lock:  # of many that wait, one asks
            if (known := self._fresh(tenant)) is None:
                asked = time.monotonic()
                known = await self._newest(tenant)
                self._tenants[tenant] = (asked, *known)
        return known

    def _fresh(self, tenant: UUID) -> tuple[int, AESGCM] | None:
        if (known := self._tenants.get(tenant)) is None or time.monotonic() - known[0] > FRESH:
            return None
        return known[1:]

    async def _newest(self, tenant: UUID) -> tuple[int, AESGCM]:
        """As the database has it; the tenant's first key is made here."""
        newest = "SELECT generation FROM tenant_keys WHERE tenant = %s ORDER BY generation DESC LIMIT 1"
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(newest, [tenant])).fetchone()
            if row is None:
                gone = "SELECT 1 FROM destroyed_keys WHERE tenant = %s AND subject = %s"
                if await (await connection.execute(gone, [tenant, NIL])).fetchone() is not None:
                    raise KeyErased("this tenant was erased")
                wrapped = self._masters.wrap(AESGCM.generate_key(256), tenant, 1)
                await connection.execute("SELECT found_tenant_key(%s, %s)", [wrapped, self._masters.current])
        generation = row[0] if row else 1
        return generation, await self._generation(tenant, generation)

    async def _generation(self, tenant: UUID, generation: int) -> AESGCM:
        if (tenant, generation) not in self._generations:
            query = "SELECT wrapped, master FROM tenant_keys WHERE tenant = $1 AND generation = $2"
            rows = await self._database.read(tenant, query, tenant, generation)
            if not rows:
                if gone := await self._database.read(tenant, MOVED, tenant):
                    raise Moved(gone[0][0])
                raise KeyErased(f"the key of this tenant's generation {generation} is gone")
            wrapped, master = rows[0]
            secret, _ = self._masters.open(wrapped, master, tenant, generation)
            self._generations[tenant, generation] = AESGCM(secret)
        return self._generations[tenant, generation]
