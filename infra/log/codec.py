"""Events to payloads and back: msgpack of the facts behind one byte of version, upcast where it is old.

payload before encryption = class version u8 | msgpack map of the event's fields, the log's columns left out

Texts that belong to other subjects (`Event.QUOTES`) are no fields; they stand as `lent` in the map, a pair for each: its place,
and msgpack of its texts, sealed under their own subject's key in the context of the event.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import asdict, force_setattr

from domain.base.aggregate import COLUMNS, Event, event_class

Sealed = tuple[int, bytes]
"""What is lent: its place and, sealed, its texts; empty for a subject that was erased before it could be sealed."""

_encode = msgspec.msgpack.encode
_decode = msgspec.msgpack.decode


class _Lent(msgspec.Struct):
    lent: list[Sealed] = []


_lent = msgspec.msgpack.Decoder(_Lent)
_texts = msgspec.msgpack.Decoder(tuple[str | None, ...])


@cache
def _reader(topic: str) -> tuple[type[Event], int, msgspec.msgpack.Decoder[Event]]:
    cls = event_class(topic)
    return cls, cls.class_version, msgspec.msgpack.Decoder(cls)


def encode(event: Event, lent: Sequence[Sealed] = ()) -> bytes:
    """The payload of an event, not yet encrypted; what is lent to it is apart, and sealed."""
    facts = asdict(event)
    for name in COLUMNS:
        del facts[name]
    if lent:
        facts["lent"] = lent
    return bytes((event.class_version,)) + _encode(facts)


def decode(topic: str, payload: bytes, stream: Any, version: int, recorded_at: Any) -> Event:
    """The event of a payload, without what is lent to it. Raises msgspec.ValidationError when it does not fit its class."""
    cls, class_version, decoder = _reader(topic)
    stored = payload[0]
    if stored == class_version:
        event = decoder.decode(memoryview(payload)[1:])
    else:
        facts: dict[str, Any] = _decode(memoryview(payload)[1:])
        for old in range(stored, class_version):
            getattr(cls, f"upcast_v{old}_v{old + 1}")(facts)
        event = msgspec.convert(facts, cls, builtin_types=(bytes,))
    # The struct is frozen for everyone else; it is not out of our hands yet.
    force_setattr(event, "originator_id", stream)
    force_setattr(event, "originator_version", version)
    force_setattr(event, "timestamp", recorded_at)
    return event


def lent_to(event: Event, payload: bytes) -> Sequence[Sealed]:
    """What is lent to the event of this payload."""
    return _lent.decode(memoryview(payload)[1:]).lent if event.QUOTES else ()


def encode_texts(texts: Sequence[str | None]) -> bytes:
    return _encode(texts)


def decode_texts(data: bytes) -> tuple[str | None, ...]:
    return _texts.decode(data)
