"""What the appender is asked to store, and what it says."""

from __future__ import annotations

import msgspec

from application.ports import Done, Due, Tally
from infra.crypto.keyring import WrappedKey

DONE, DUPLICATE, CONFLICT, REFUSED, REKEY, LATE = range(6)


class NewEvent(msgspec.Struct, gc=False):
    """An event ready to be stored; ids are 16 bytes, `recorded_at` is in microseconds since 1970 UTC."""

    stream: bytes
    version: int
    previous: bytes | None
    topic: str
    recorded_at: int
    payload: bytes
    digest: bytes
    hash: bytes


class Command(msgspec.Struct):
    """What is done whole or not at all. The keys of `inbox` and of each stream are unique among commands in the air."""

    tenant: bytes
    events: list[NewEvent]
    actor: str
    correlation: bytes
    causation: bytes
    inbox: str | None = None
    owed: list[tuple[Due, bytes]] = []
    """With the id of the event that it comes of."""
    settled: list[Done] = []
    tallies: list[Tally] = []
    keys: list[WrappedKey] = []


class Verdict(msgspec.Struct, gc=False):
    """One of DONE … LATE, with a position as `append` documents it, and whether the command's holder has what it owes."""

    outcome: int
    position: int
    leased: bool = False
