"""What a chunk's texts are sealed with as additional data: which chunk they are of."""

from __future__ import annotations

from uuid import UUID


def context_of(document: UUID, ordinal: int) -> bytes:
    return b"chunk" + document.bytes + ordinal.to_bytes(4, "big")
