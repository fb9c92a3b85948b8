"""Aggregates that this process has had in hand of late: what comes next for one of them begins with that, instead of with its first event.

It is what the log had come to, and may have moved on: whoever goes by it asks the log for what came since, or lets the save find out, which
conflicts then. Kept as a snapshot would be, in so many bytes in all, and each as long as its subject's key is in memory: with that it goes,
so that nothing of somebody who was erased stays behind.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from domain.base.aggregate import Aggregate
from infra.crypto.keyring import Keyring

A = TypeVar("A", bound=Aggregate[Any])
Key = tuple[UUID, UUID]
"""Tenant and aggregate."""

ROOM = 16 * 1024**2
"""Bytes that a process keeps."""

OVERHEAD = 1_000
"""Bytes that each takes beside its state."""

UNUSED = 300.0
"""Seconds after which what nobody asked for is dropped."""

_encode = msgspec.msgpack.Encoder().encode


class Kept(msgspec.Struct, gc=False):
    """`at`: when the log had it so, by the monotonic clock. `base`: the version that was replayed from the log's first event, or from a
    snapshot; what came since came here. `doubted`: a save that began with it has conflicted."""

    kind: type[Aggregate[Any]]
    subject: UUID
    version: int
    chain: bytes
    created: datetime
    modified: datetime
    state: bytes
    base: int
    at: float
    doubted: bool = False

    @property
    def size(self) -> int:
        return len(self.state) + OVERHEAD


class Recent:
    """One per process."""

    def __init__(self, keyring: Keyring, clock: Callable[[], float] = time.monotonic) -> None:
        self._keyring, self._clock = keyring, clock
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._bytes = 0
        self._sweeping: asyncio.TimerHandle | None = None
        keyring.on_forget(self._forget)

    def has(self, tenant: UUID, id: UUID) -> bool:
        return (tenant, id) in self._kept

    def find(self, kind: type[A], id: UUID, tenant: UUID) -> Kept | None:
        kept = self._kept.get((tenant, id))
        if kept is None or kept.kind is not kind:
            return None
        if self._keyring.cached(tenant, kept.subject) is None:
            self.drop(tenant, id)
            return None
        self._kept.move_to_end((tenant, id))
        return kept

    def put(self, tenant: UUID, aggregate: Aggregate[Any], base: int | None = None) -> None:
        """As it is now, without pending events. `base` None: as before."""
        key, kind = (tenant, aggregate.id), type(aggregate)
        if self._keyring.cached(tenant, aggregate.subject) is None:
            return
        before = self._kept.get(key)
        kept = Kept(
            kind=kind,
            subject=aggregate.subject,
            version=aggregate.version,
            chain=aggregate.chain,
            created=aggregate.created_on,
            modified=aggregate.modified_on,
            state=_encode(aggregate.state),
            base=base if base is not None else before.base if before is not None else 0,
            at=self._clock(),
        )
        if before is not None:
            if before.version > kept.version:
                return
            self._bytes -= before.size
        self._kept[key] = kept
        self._kept.move_to_end(key)
        self._bytes += kept.size
        while self._bytes > ROOM:
            self._bytes -= self._kept.popitem(last=False)[1].size
        if self._sweeping is None:
            self._sweep()

    def drop(self, tenant: UUID, id: UUID) -> None:
        if (kept := self._kept.pop((tenant, id), None)) is not None:
            self._bytes -= kept.size

    def doubt(self, tenant: UUID, id: UUID) -> None:
        """The log has said that it is not so."""
        if (kept := self._kept.get((tenant, id))) is not None:
            kept.doubted = True

    def _forget(self, tenant: UUID, subject: UUID | None) -> None:
        """`subject` None: the whole tenant."""
        gone = [
            key for key, kept in self._kept.items() if key[0] == tenant and subject in (None, kept.subject)
        ]
        for key in gone:
            self.drop(*key)

    def _sweep(self) -> None:
        """Drop what nobody has asked for lately, now and, without any further question, later."""
        self._sweeping, now = None, self._clock()
        while self._kept:
            key, kept = next(iter(self._kept.items()))
            if (left := kept.at + UNUSED - now) > 0:
                self._sweeping = asyncio.get_running_loop().call_later(left + 0.01, self._sweep)
                return
            self.drop(*key)


def restored(kept: Kept, kind: type[A], id: UUID) -> A:
    """One of the caller's own."""
    state = _decoder(kind).decode(kept.state)
    aggregate = kind.restore(id, kept.version, state, kept.created, kept.modified)
    aggregate.chain = kept.chain
    return aggregate


@cache
def _decoder(kind: type[Aggregate[Any]]) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind.State)
