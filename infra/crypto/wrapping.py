"""Keys under keys. A wrapped key = nonce 12 | AES-256-GCM ciphertext and tag, bound to tenant, generation and subject."""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports import Fault
from domain.base.aggregate import NIL
from infra.master_key import SIZE, fingerprint


class Tampered(Exception):
    """A stored ciphertext, its context or its key was changed by somebody without the keys."""


class MasterKeyMissing(Fault):
    """A tenant's key is wrapped with a master key that was not given."""


def wrap(parent: AESGCM, secret: bytes, tenant: UUID, generation: int, subject: UUID) -> bytes:
    nonce = os.urandom(12)
    return nonce + parent.encrypt(nonce, secret, _bound(tenant, generation, subject))


def unwrap(parent: AESGCM, wrapped: bytes, tenant: UUID, generation: int, subject: UUID) -> bytes:
    """Raises Tampered."""
    try:
        return parent.decrypt(wrapped[:12], wrapped[12:], _bound(tenant, generation, subject))
    except (InvalidTag, ValueError):  # changed; cut short
        raise Tampered("a stored key does not open: another key wrapped it, or it was changed") from None


class Masters:
    """The master keys that were given: the first wraps, each of them opens."""

    def __init__(self, keys: bytes) -> None:
        """`keys`: 32 bytes each, the current one first, then retired ones."""
        if not keys or len(keys) % SIZE:
            raise ValueError("a master key has 32 bytes")
        each = [keys[start : start + SIZE] for start in range(0, len(keys), SIZE)]
        self.current = fingerprint(each[0])
        self._keys = {fingerprint(key): AESGCM(key) for key in each}

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The current one first."""
        return tuple(known.hex() for known in self._keys)

    def wrap(self, secret: bytes, tenant: UUID, generation: int) -> bytes:
        """Under the current one."""
        return wrap(self._keys[self.current], secret, tenant, generation, NIL)

    def open(self, wrapped: bytes, mark: bytes | None, tenant: UUID, generation: int) -> tuple[bytes, bytes]:
        """A tenant's key, and the fingerprint of the master key that wrapped it; `mark` is that which was stored with it.

        Raises MasterKeyMissing, or Tampered where the key that `mark` names is here and does not open it.
        """
        if mark is not None and mark in self._keys:
            return unwrap(self._keys[mark], wrapped, tenant, generation, NIL), mark
        for known, key in self._keys.items():
            try:
                return unwrap(key, wrapped, tenant, generation, NIL), known
            except Tampered:
                continue
        which = f"master key {mark.hex()}, which is not" if mark else "a master key that is not"
        given = ", ".join(known.hex() for known in self._keys)
        raise MasterKeyMissing(
            f"tenant key {generation} of tenant {tenant} is wrapped with {which} among those given ({given}); "
            "put it back from its backup: RETRACE_MASTER_KEY takes several, separated by commas, the current one first"
        )


def _bound(tenant: UUID, generation: int, subject: UUID) -> bytes:
    return b"key" + tenant.bytes + generation.to_bytes(4, "big") + subject.bytes
