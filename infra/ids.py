"""UUIDv7 (RFC 9562): ids that sort by the time they were made."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """48 bits of milliseconds, 74 random bits."""
    value = bytearray(int(time.time() * 1000).to_bytes(6, "big") + os.urandom(10))
    value[6] = 0x70 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    return UUID(bytes=bytes(value))
