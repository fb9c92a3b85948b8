"""Master keys: their size, and the fingerprint by which what they have made is known."""

from __future__ import annotations

import hashlib

SIZE = 32
"""Bytes of a key."""


def fingerprint(master: bytes) -> bytes:
    """Tells master keys apart, 8 bytes, and nothing of what they are."""
    return hashlib.sha256(b"retrace master" + master).digest()[:8]
