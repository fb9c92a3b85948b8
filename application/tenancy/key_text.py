"""The text of an API key: `rt_` + base64url(tenant 16 bytes | key id 6 | secret 24). It names its tenant."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from uuid import UUID

from domain.base.errors import Unauthenticated

PREFIX = "rt_"
LENGTH = 46
"""Bytes behind the prefix."""


def drawn(tenant: UUID) -> tuple[str, str, bytes]:
    """A key by chance: its id, its text, the hash of its secret."""
    id, secret = secrets.token_bytes(6), secrets.token_bytes(24)
    return id.hex(), _text(tenant.bytes + id + secret), hash_of(secret)


def parsed(text: str) -> tuple[UUID, str, bytes]:
    """Its tenant, its id, its secret. A key has one text only. Raises Unauthenticated."""
    try:
        raw = base64.b64decode(text.removeprefix(PREFIX) + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Unauthenticated from None
    # The last letter has bits to spare: sixteen of them would say the same.
    if len(raw) != LENGTH or text != _text(raw):
        raise Unauthenticated
    return UUID(bytes=raw[:16]), raw[16:22].hex(), raw[22:]


def _text(raw: bytes) -> str:
    return PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def hash_of(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()
