"""Checks a run of numbers of a tenant's log by itself, as in another process, and all its hashes at a time.

This only says that all is well. What hangs on the events before the run is left open until it is joined to them (Chain.join), and what is
wrong is looked at by Chain, which reads the whole in order and hashes by itself: no mistake in here is ever told as a finding.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.base.aggregate import events_of
from domain.kinds import ERASING, KINDS
from domain.retrieval.document import Document
from infra.audit.lanes import digests
from infra.audit.pages import Row
from infra.log.hashing import GENESIS

PERSONAL = frozenset(
    topic for kind in KINDS for topic, event in events_of(kind).items() if event.PERSONAL
) | {
    Document.Processed.TOPIC  # earlier versions sealed it with its subject's key, with which it goes
}
"""Events whose payloads an erasure takes."""

Head = tuple[int, bytes]
"""A stream's last version, and its hash."""

NEW: Head = (0, GENESIS)


class Stretch(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """The numbers beyond `after` up to `last`, in which nothing is wrong that can be told from them alone.

    `begun`: streams that came from before them, with the first version here, its context and digest, and its hash. `leaves` are the
    leaf hashes. `blank` and `erased` are what an erasure has to do with: events without payload, and streams.
    """

    after: int
    last: int
    begun: dict[bytes, tuple[int, bytes, bytes]]
    heads: dict[bytes, Head]
    blank: dict[bytes, list[tuple[int, int]]]
    erased: list[bytes]
    leaves: list[bytes]


def check(after: int, rows: Sequence[Row]) -> Stretch | None:
    """The events beyond number `after`, which are taken to open; None: something is wrong with them."""
    begun: dict[bytes, tuple[int, bytes, bytes]] = {}
    heads: dict[bytes, Head] = {}
    blank: dict[bytes, list[tuple[int, int]]] = {}
    erased: set[bytes] = set()
    contents: list[bytes] = []  # what is hashed, and what must come out
    hashes: list[bytes] = []
    at, new = after, NEW
    for seq, stream, version, topic, context, payload, digest, hash in rows:
        at += 1
        last = heads.get(stream, new)
        if seq == at and version == last[0] + 1:
            contents.append(last[1] + context + digest)
            hashes.append(hash)
        elif seq == at and last is new and version > 1 and after:
            begun[stream] = (version, context + digest, hash)
        else:
            return None
        if payload is not None:
            contents.append(payload)
            hashes.append(digest)
        elif topic in PERSONAL:
            blank.setdefault(stream, []).append((seq, version))
        else:
            return None
        if topic in ERASING:
            blank.pop(stream, None)
            erased.add(stream)
        heads[stream] = (version, hash)
    if digests(contents) != hashes:
        return None
    return Stretch(
        after=after,
        last=at,
        begun=begun,
        heads=heads,
        blank=blank,
        erased=list(erased),
        leaves=digests([b"\x00" + row[7] for row in rows]),  # as leaf_hash
    )
