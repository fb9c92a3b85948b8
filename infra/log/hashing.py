"""The bytes that are hashed and authenticated: one fixed layout, documented in docs/log.md.

context = tenant 16 | stream 16 | version i64 | recorded_at i64 (µs since 1970 UTC) | correlation 16 | causation 16 (zeros: none)
        | length u16, topic (UTF-8) | length u16, actor (UTF-8)                                    integers big-endian
digest  = SHA-256(payload as stored)
hash    = SHA-256(hash of the stream's previous event, 32 zeros before the first | context | digest)
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from struct import Struct
from uuid import UUID

NONE = bytes(16)
GENESIS = bytes(32)
FIXED = Struct(">16s16sqq16s16s")
LENGTH = Struct(">H")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(time: datetime) -> int:
    """Microseconds since 1970-01-01 UTC."""
    since = time - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def context_bytes(
    tenant: bytes,
    stream: bytes,
    version: int,
    recorded_at: int,
    correlation: bytes,
    causation: bytes | None,
    topic: str,
    actor: str,
) -> bytes:
    """The context of an event; ids are 16 bytes, `recorded_at` is in microseconds."""
    return FIXED.pack(tenant, stream, version, recorded_at, correlation, causation or NONE) + names_bytes(
        topic, actor
    )


@lru_cache(maxsize=4096)
def names_bytes(topic: str, actor: str) -> bytes:
    topic_bytes, actor_bytes = topic.encode(), actor.encode()
    return b"".join((LENGTH.pack(len(topic_bytes)), topic_bytes, LENGTH.pack(len(actor_bytes)), actor_bytes))


def digest_of(payload: bytes) -> bytes:
    return sha256(payload).digest()


def hash_of(previous: bytes, context: bytes, digest: bytes) -> bytes:
    """Chain `context` and `digest` to the hash before them (empty before the first event)."""
    return sha256((previous or GENESIS) + context + digest).digest()


def snapshot_context(tenant: UUID, stream: UUID, version: int, schema: str, hash: bytes) -> bytes:
    """What a sealed snapshot is bound to."""
    return b"snapshot" + tenant.bytes + stream.bytes + version.to_bytes(8, "big") + hash + schema.encode()
