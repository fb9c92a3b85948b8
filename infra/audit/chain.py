"""Checks a tenant's events one by one: number, version, digest, chain; with the keys also that each was sealed here, in its context.

What was changed without the keys does not open; what was left out, put in or moved breaks numbers, versions or the chain.

A run of numbers that was checked by itself (infra/audit/stretch.py) is joined to what came before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.kinds import ERASING
from domain.tenancy.tenant import Tenant
from infra.audit.finding import Fault, Finding
from infra.audit.opening import opens
from infra.audit.pages import Row
from infra.audit.stretch import NEW, PERSONAL, Head, Stretch


class Chain:
    """Fed with a tenant's events in order of seq; `leaves` has a leaf hash for each number, None where the event is missing."""

    def __init__(self, tenant: UUID) -> None:
        self._tenant = tenant
        self._heads: dict[bytes, Head] = {}
        self._holes: dict[
            tuple[bytes, int], int
        ] = {}  # missing version → seq of the event that comes after it
        self._early: set[tuple[bytes, int]] = set()  # versions that came before their time
        self._blank: dict[
            bytes, list[tuple[int, int]]
        ] = {}  # stream → (seq, version) of events without payload
        self._kept: dict[
            bytes, list[tuple[int, int]]
        ] = {}  # such events, whose payloads no erasure takes but that of the whole tenant
        self._suspect: set[bytes] = (
            set()
        )  # streams whose last event was found wrong: what follows can't fit it
        self.seq = 0
        self.findings: list[Finding] = []
        self.wrong: set[int] = set()
        self.leaves: list[bytes | None] = []

    def check(self, rows: Iterable[Row], keys: Mapping[bytes, AESGCM]) -> None:
        """`keys`: the keys of all subjects in `rows`, by the subject's 16 bytes."""
        heads, leaves, new, sha = self._heads, self.leaves, NEW, sha256
        at, holes, suspect = self.seq, self._holes, self._suspect
        for row in rows:
            seq, stream, version, topic, context, payload, digest, hash = row
            last = heads.get(stream, new)
            opened = (
                payload is not None
                and (key := keys.get(payload[1:17])) is not None
                and opens(key, payload, context)
            )
            if (
                not opened
                or seq != at + 1
                or version != last[0] + 1
                or sha(payload or b"").digest() != digest
                or sha(last[1] + context + digest).digest() != hash
            ):
                self._look(row, at, last, opened)
            elif suspect:
                suspect.discard(stream)
            if topic in ERASING:
                self._blank.pop(stream, None)
                if topic == Tenant.Erased.TOPIC:  # which takes every payload, its own too
                    self._blank.clear()
                    self._kept.clear()
            if holes:
                holes.pop((stream, version), None)
            at = seq
            heads[stream] = (version, hash)
            leaves.append(sha(b"\x00" + hash).digest())  # as leaf_hash, without its call
        self.seq = at

    def join(self, stretch: Stretch) -> bool:
        """Go on with what was checked by itself. False: it does not follow from what is here."""
        heads, begun = self._heads, stretch.begun
        for stream, (version, content, hash) in begun.items():
            last = heads.get(stream, NEW)
            if version != last[0] + 1 or sha256(last[1] + content).digest() != hash:
                return False
        if stretch.after != self.seq or any(
            stream in heads for stream in stretch.heads.keys() - begun.keys()
        ):
            return False
        for stream in stretch.erased:
            self._blank.pop(stream, None)
        for stream, blank in stretch.blank.items():
            self._blank.setdefault(stream, []).extend(blank)
        heads.update(stretch.heads)
        self.leaves += stretch.leaves
        self.seq = stretch.last
        return True

    def finish(self) -> None:
        """Say what can be said only at the end of the log."""
        for (stream, version), seq in self._holes.items():
            text = "this version is missing in its stream"
            self._found("removed", seq, stream, version, text)
        for stream, blank in self._blank.items():
            for seq, version in blank:
                text = "its payload is gone, and no erasure is on record after it"
                self._found("payload missing", seq, stream, version, text)
        for stream, kept in self._kept.items():
            for seq, version in kept:
                text = "its payload is gone, and nobody's erasure takes such a one"
                self._found("payload missing", seq, stream, version, text)

    def _look(self, row: Row, before: int, last: Head, opened: bool) -> None:
        """Something is not as it must be, or an erasure: which?"""
        seq, stream, version, topic, context, payload, digest, hash = row
        self._look_at_number(before, seq)
        moved = self._look_at_version(seq, stream, version, last[0])
        follows = sha256(last[1] + context + digest).digest() == hash
        if payload is None and topic in PERSONAL:
            self._blank.setdefault(stream, []).append((seq, version))
        elif payload is None:
            self._kept.setdefault(stream, []).append((seq, version))
        elif sha256(payload).digest() != digest:
            text = "its payload does not fit its digest" + ("" if opened else ", and does not open")
            self._found("payload changed", seq, stream, version, text)
            return
        elif not opened and follows:
            text = "it was not written with this tenant's keys, though its hashes were made to fit"
            self._found("forged", seq, stream, version, text)
            return
        elif not opened:
            text = "its payload does not open in this context (time, actor, topic, stream, version, ids)"
            self._found("context changed", seq, stream, version, text)
            return
        if not follows and not moved and stream not in self._suspect:
            text = "its hash does not follow from the version before and its own content"
            self._found("chain broken", seq, stream, version, text)

    def _look_at_number(self, before: int, seq: int) -> None:
        for missing in range(before + 1, seq):
            self._found("removed", missing, None, None, "this number is missing")
            self.leaves.append(None)

    def _look_at_version(self, seq: int, stream: bytes, version: int, last: int) -> bool:
        """Whether the event stands elsewhere than it must."""
        if version == last + 1:
            return False
        if version > last:
            self._early.add((stream, version))
            for missing in range(last + 1, version):
                if (stream, missing) not in self._early:
                    self._holes[stream, missing] = seq
        else:
            after = self._holes.get((stream, version))
            text = f"version {version} stands behind version {last}"
            self._found("reordered" if after is not None else "inserted", seq, stream, version, text)
        return True

    def _found(self, fault: Fault, seq: int, stream: bytes | None, version: int | None, text: str) -> None:
        self.wrong.add(seq)
        if stream is not None:
            self._suspect.add(stream)
        found = UUID(bytes=stream) if stream is not None else None
        self.findings.append(
            Finding(fault=fault, tenant=self._tenant, seq=seq, stream=found, version=version, text=text)
        )
