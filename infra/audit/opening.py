"""Whether events were written here: their payloads open with the tenant's keys, each in its own context."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from infra.crypto.keyring import HEADER, Keyring

Keys = dict[bytes, AESGCM]
"""By the subject's 16 bytes."""


def opens(key: AESGCM, payload: bytes, context: bytes) -> bool:
    try:
        key.decrypt(payload[17:HEADER], payload[HEADER:], context)
    except (InvalidTag, ValueError):  # the latter where it is cut short
        return False
    return True


async def keys_of(
    payloads: Iterable[bytes | None], tenant: UUID, keyring: Keyring
) -> tuple[Keys, set[bytes]]:
    """The keys that sealed them, and the subjects whose keys were destroyed: what they sealed was blanked since it was read."""
    subjects = {payload[1:17] for payload in payloads if payload is not None and len(payload) > HEADER}
    found = await keyring.load(tenant, [UUID(bytes=subject) for subject in subjects])
    keys = {subject.bytes: key for subject, key in found.items()}
    missing = subjects - keys.keys()
    gone = await keyring.destroyed(tenant, [UUID(bytes=subject) for subject in missing]) if missing else ()
    return keys, {subject.bytes for subject in gone}
