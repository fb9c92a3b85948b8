"""Verify an export of the log without Retrace and without its encryption keys.

    python verifier.py EXPORT.jsonl --checkpoint FILE --key VERIFIER_KEY [--older FILE]

One file for outsiders: it needs Python 3.11 and `cryptography`, imports nothing of Retrace and shares no code with it, so that a
mistake there is not repeated here. docs/audit.md describes the format. One line a finding; exit status 0: clean, 1: findings,
2: the input cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from binascii import a2b_base64
from bisect import bisect
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from struct import Struct
from struct import error as StructError
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "retrace-export-1"
GENESIS = bytes(32)
FIXED = Struct(">16s16sqq16s16s")
NOTHING, NOBODY = bytes(16), b"\xff" * 16
"""In a context: no causation; and an id of zeros, which nobody writes and which must not pass for none."""

MALFORMED = (
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
    OverflowError,
    StructError,
    RecursionError,
)
"""What a line raises that is no event."""

_bytes = partial(a2b_base64, strict_mode=True)


class Unusable(Exception):
    """Nothing can be said about this input; the text says why."""


class Finding(NamedTuple):
    """`kind` is one of: payload changed, digest changed, context changed, chain broken, removed, inserted, reordered, truncated,
    rewritten, signature, origin, consistency, unreadable."""

    kind: str
    detail: str
    seq: int | None = None
    stream: str | None = None
    version: int | None = None

    def __str__(self) -> str:
        where = (("seq", self.seq), ("stream", self.stream), ("version", self.version))
        place = ", ".join(f"{name} {value}" for name, value in where if value is not None)
        return f"{place + ': ' if place else ''}{self.kind}: {self.detail}"


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes


class Report(NamedTuple):
    """`erased` of the `events` have no payload any more; the checkpoint speaks for the first `signed` events of the tenant."""

    findings: list[Finding]
    events: int
    erased: int
    signed: int


# Signed checkpoints


def read_checkpoint(note: str, key: str, findings: list[Finding]) -> Checkpoint:
    """The note's checkpoint, also where its signature is a finding, so that the events can be compared all the same."""
    name, identifier, public_key = _read_key(key)
    text, gap, block = note.rpartition("\n\n")
    text += "\n"
    lines = text.split("\n")
    if not gap or not block.endswith("\n") or len(lines) < 4 or not all(lines[:-1]):
        raise Unusable("the checkpoint is no signed note")
    try:
        checkpoint = Checkpoint(lines[0], int(lines[1]), _bytes(lines[2]))
    except ValueError:
        raise Unusable("the checkpoint has no size and root in its second and third line") from None
    if str(checkpoint.size) != lines[1] or checkpoint.size < 0 or len(checkpoint.root) != 32:
        raise Unusable("the checkpoint has no size and root in its second and third line")
    which = f"the checkpoint of size {checkpoint.size}"
    found = False
    for line in block[:-1].split("\n"):
        try:
            dash, signer, encoded = line.split(" ")
            signature = _bytes(encoded)
        except ValueError:
            dash = signer = ""
        if dash != "—":
            raise Unusable("the checkpoint has a malformed signature line")
        if (signer, signature[:4]) != (name, identifier):
            continue
        found = True
        try:
            public_key.verify(signature[4:], text.encode())
        except InvalidSignature:
            findings.append(Finding("signature", f"{which} is not what {name} has signed"))
    if not found:
        findings.append(Finding("signature", f"{which} is not signed by {name} with the given key"))
    return checkpoint


def _read_key(text: str) -> tuple[str, bytes, Ed25519PublicKey]:
    try:
        name, identifier, encoded = text.strip().split("+", 2)
        key = _bytes(encoded)
        known = sha256(name.encode() + b"\n" + key).digest()[:4]
        if not name or len(key) != 33 or key[0] != 1 or identifier != known.hex():
            raise ValueError
    except ValueError:
        raise Unusable("the verifier key is not one of Ed25519: NAME+HASH+BASE64") from None
    return name, known, Ed25519PublicKey.from_public_bytes(key[1:])


# The Merkle tree of RFC 9162


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Level by level; the last node of an odd row waits on the right of what comes later."""
    if not leaves:
        return sha256().digest()
    row = list(leaves)
    while len(row) > 1:
        above = [_node(*pair) for pair in zip(row[::2], row[1::2], strict=False)]
        row = above + row[-1:] if len(row) % 2 else above
    return row[0]


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Section 2.1.3.2, in its words; None: the proof has a wrong length."""
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = _node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = _node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def is_consistent(older: Checkpoint, newer: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Section 2.1.4.2, in its words; 0 < older.size < newer.size."""
    path = list(proof)
    if older.size & (older.size - 1) == 0:
        path.insert(0, older.root)
    fn, sn = older.size - 1, newer.size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if not path:
        return False
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = _node(c, fr), _node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = _node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == older.root and sr == newer.root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


# The events


class _Numbers:
    """Numbers that should come one after another: which came late, twice or never."""

    __slots__ = ("gaps", "last")

    def __init__(self, last: int) -> None:
        self.last = last
        self.gaps: list[tuple[int, int]] = []  # from, before; ascending

    def place(self, number: int) -> str:
        if number > self.last:
            if number > self.last + 1:
                self.gaps.append((self.last + 1, number))
            self.last = number
            return "later"
        at = bisect(self.gaps, number, key=lambda gap: gap[0]) - 1
        if at < 0 or number >= self.gaps[at][1]:
            return "inserted"
        start, end = self.gaps[at]
        self.gaps[at : at + 1] = [gap for gap in ((start, number), (number + 1, end)) if gap[0] < gap[1]]
        return "reordered"


class _Stream(_Numbers):
    """`hash` is that of version `last`; `proved`: it is the signed tree's."""

    __slots__ = ("hash", "proved")

    def __init__(self, version: int) -> None:
        # Some streams begin with version 0; the hash of version 1 tells whether this one does.
        super().__init__(min(version, 1) - 1)
        self.hash, self.proved = GENESIS, True


class _Suspect(NamedTuple):
    """An event whose hash does not follow; `proved`: its hash and the one before are the signed tree's."""

    seq: int
    stream: str
    version: int
    proved: bool


class _Events:
    def __init__(self, header: dict[str, Any], checkpoint: Checkpoint, findings: list[Finding]) -> None:
        self.header, self.checkpoint, self.findings = header, checkpoint, findings
        try:
            self.complete: bool = header["complete"]
            self.tenant = _id(header["tenant"])
            if self.complete:
                usable = header["from"] == 1 and type(header["to"]) is int
            else:
                self.stream = _id(header["stream"])
                usable = header["size"] == checkpoint.size
        except MALFORMED:
            raise Unusable("the export's header is malformed") from None
        if header.get("format") != FORMAT:
            raise Unusable(f"the export is not of the format {FORMAT}")
        if not usable:
            raise Unusable("the export does not begin with seq 1, or its proofs are for another checkpoint")
        self.numbers = _Numbers(0)
        self.streams: dict[bytes, _Stream] = {}
        self.names: dict[bytes, str] = {}
        self.leaves: list[bytes] = []
        self.suspects: list[_Suspect] = []
        self.orderly = True
        self.count = self.erased = 0

    def add(self, event: dict[str, Any]) -> None:
        """Raises one of MALFORMED before anything of the event has been counted."""
        seq, name, version, encoded = event["seq"], event["stream"], event["version"], event["payload"]
        stream, hash, digest = _id(name), _bytes(event["hash"]), _bytes(event["digest"])
        causation = event["causation"]
        fixed = FIXED.pack(
            self.tenant,
            stream,
            version,
            event["recorded_at"],
            _id(event["correlation"]),
            NOTHING if causation is None else NOBODY if _id(causation) == NOTHING else _id(causation),
        )
        context = fixed + _names(event["topic"], event["actor"])
        stored = sha256(_bytes(encoded)).digest() if encoded is not None else None
        if type(seq) is not int or seq < 1 or len(hash) != 32:
            raise ValueError
        leaf = sha256(b"\x00" + hash).digest()
        proved = self.complete or self._is_proved(event, leaf)

        self.count += 1
        self.erased += stored is None
        numbers, state = self.numbers, self.streams.get(stream)
        if state is None:
            state = self.streams[stream] = _Stream(version)
            self.names[stream] = name
        late = False
        if self.complete and seq == numbers.last + 1:
            numbers.last = seq
        else:
            late = self._place_seq(seq, name, version, stream)
        self.leaves.append(leaf)

        previous = state.hash
        if version == state.last + 1:
            state.last = version
            if sha256(previous + context + digest).digest() != hash:
                if stored not in (None, digest) and sha256(previous + context + stored).digest() == hash:
                    self._find("digest changed", "the payload is right", seq, name, version)
                    stored = digest
                else:
                    self.suspects.append(_Suspect(seq, name, version, proved and state.proved))
        elif (verdict := state.place(version)) != "later":
            if not late:
                behind = "it stands behind a later version"
                says = behind if verdict == "reordered" else "this version stands twice"
                self._find(verdict, says, seq, name, version)
            previous = b""
        if stored not in (None, digest):
            self._find("payload changed", "it does not have the digest that was chained", seq, name, version)
        if state.last == version and previous:
            state.hash, state.proved = hash, proved

    def _is_proved(self, event: dict[str, Any], leaf: bytes) -> bool:
        """That an event of a conversation's export stands in the signed tree, under its seq."""
        seq, size = event["seq"], self.checkpoint.size
        if seq > size:
            return False
        place = (seq, event["stream"], event["version"])
        if "proof" not in event:
            self._find("rewritten", "it has no proof that it was signed", *place)
            return False
        root = root_from_inclusion(leaf, seq - 1, size, [_bytes(hash) for hash in event["proof"]])
        if root == self.checkpoint.root:
            return True
        self._find("rewritten", "its hash is not what was signed for this seq, or its proof is wrong", *place)
        return False

    def _place_seq(self, seq: int, name: str, version: int, stream: bytes) -> bool:
        """Whether the seq is late or there already, which has been told then."""
        verdict = self.numbers.place(seq)
        if self.complete:
            self.orderly = False
        else:
            if stream != self.stream:
                self._find("inserted", "it belongs to another stream than the export", seq, name, version)
            # Between the seqs of a conversation are those of others, so a late one fills a gap in any case.
            if verdict == "reordered" and version <= self.streams[stream].last:
                return False
        if verdict == "later":
            return False
        says = "it stands behind a later seq" if verdict == "reordered" else "this seq stands twice"
        self._find(verdict, says, seq, name, version)
        return True

    def close(self, older: Checkpoint | None) -> None:
        """What can be said at the end only."""
        for stream, state in self.streams.items():
            for start, end in state.gaps:
                which = f"version {start} is" if end == start + 1 else f"versions {start} to {end - 1} are"
                self._find("removed", f"{which} missing", None, self.names[stream], start)
        whole = self._close_order(older) if self.complete else False
        for seq, name, version, proved in self.suspects:
            if proved and (not self.complete or (whole and seq <= self.checkpoint.size)):
                self._find("context changed", "it does not have the hash that was signed", seq, name, version)
            else:
                says = f"its context was changed, or version {version - 1} was rewritten or replaced"
                self._find("chain broken", says, seq, name, version)

    def _close_order(self, older: Checkpoint | None) -> bool:
        """Sequence, end and root of a complete export; whether its hashes are the signed ones."""
        last, size, to = self.numbers.last, self.checkpoint.size, self.header["to"]
        for start, end in self.numbers.gaps:
            which = f"seq {start} is" if end == start + 1 else f"seq {start} to {end - 1} are"
            self._find("removed", f"{which} missing", start)
        if last < max(size, to):
            covers = f"the checkpoint covers {size}" if last < size else f"the export's header says {to}"
            self._find("truncated", f"the export ends with seq {last}, {covers}", last + 1)
        elif last > to:
            self._find("inserted", f"the export's header says that it ends with {to}", last)
        if not self.orderly:
            return False
        known = 0
        if older and older.size <= last:
            if root_of(self.leaves[: older.size]) == older.root:
                known = older.size
            else:
                says = f"the events 1 to {older.size} are not those of the older checkpoint, or not in that order"
                self._find("rewritten", says)
        if last < size:
            return False
        if root_of(self.leaves[:size]) == self.checkpoint.root:
            return True
        says = f"the events {known + 1} to {size} are not those of the checkpoint, or not in that order"
        self._find("rewritten", says)
        return False

    def _find(
        self,
        kind: str,
        detail: str,
        seq: int | None = None,
        stream: str | None = None,
        version: int | None = None,
    ) -> None:
        self.findings.append(Finding(kind, detail, seq, stream, version))


def verify(lines: Iterable[str], checkpoint: str, key: str, older: str | None = None) -> Report:
    """Check an export, line by line, against a signed checkpoint and, if given, that nothing of an older one was lost.

    Raises Unusable.
    """
    findings: list[Finding] = []
    newest = read_checkpoint(checkpoint, key, findings)
    oldest = read_checkpoint(older, key, findings) if older is not None else None
    rest = enumerate(lines, 1)
    try:
        header = json.loads(next(rest)[1])
        events = _Events(header, newest, findings)
    except (StopIteration, *MALFORMED):
        raise Unusable("the export has no header") from None
    if newest.origin.rpartition("/")[2] != header["tenant"]:
        says = f"the checkpoint is of {newest.origin!r}, the export of tenant {header['tenant']}"
        findings.append(Finding("origin", says))
    consistency: dict[str, Any] | None = None
    decode, add = json.JSONDecoder().raw_decode, events.add  # json.loads takes longer for each line
    for number, line in rest:
        try:
            record, end = decode(line)
            if consistency is not None or line[end:].strip():
                raise ValueError
            if "consistency" in record:
                consistency = record
            else:
                add(record)
        except MALFORMED:
            cut = not line.endswith("\n")
            says = f"line {number} is cut off" if cut else f"line {number} is not an event"
            findings.append(Finding("truncated" if cut else "unreadable", says))
    events.close(oldest)
    if oldest is not None:
        _compare(oldest, newest, consistency, events)
    findings.sort(key=lambda finding: (finding.seq is None, finding.seq))
    return Report(findings, events.count, events.erased, newest.size)


def _compare(
    older: Checkpoint, newer: Checkpoint, consistency: dict[str, Any] | None, events: _Events
) -> None:
    """That the tree of the older checkpoint is the beginning of the newer one's."""

    def find(kind: str, detail: str) -> None:
        events.findings.append(Finding(kind, detail))

    if older.origin != newer.origin:
        find("origin", f"the checkpoints are of {older.origin!r} and {newer.origin!r}")
    if older.size > newer.size:
        find("truncated", f"the older checkpoint covers {older.size} events, the newer one only {newer.size}")
    elif older.size == newer.size:
        if older.root != newer.root:
            find("consistency", f"both checkpoints are of size {newer.size}, with different roots")
    elif older.size == 0:
        if older.root != root_of(()):
            find("consistency", "the older checkpoint is of no events, but its root is not")
    elif consistency is not None:
        try:
            fits = (consistency["first"], consistency["second"]) == (older.size, newer.size)
            shown = fits and is_consistent(
                older, newer, [_bytes(hash) for hash in consistency["consistency"]]
            )
        except MALFORMED:
            shown = False
        if not shown:
            find("consistency", f"size {newer.size} is not shown to begin with all of size {older.size}")
    elif not events.complete:
        find("consistency", f"the export has no proof that leads from size {older.size} to {newer.size}")


@lru_cache(maxsize=1 << 16)
def _id(text: str) -> bytes:
    digits = text.replace("-", "")
    if len(text) != 36 or len(digits) != 32 or not text[8] == text[13] == text[18] == text[23] == "-":
        raise ValueError
    return bytes.fromhex(digits)


@lru_cache(maxsize=1 << 12)
def _names(*names: str) -> bytes:
    return b"".join(len(name.encode()).to_bytes(2, "big") + name.encode() for name in names)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an export of a Retrace log.")
    parser.add_argument("export", type=Path, metavar="EXPORT.jsonl")
    parser.add_argument("--checkpoint", type=Path, required=True, metavar="FILE", help="a signed checkpoint")
    parser.add_argument("--key", required=True, metavar="VERIFIER_KEY", help="NAME+HASH+BASE64")
    parser.add_argument("--older", type=Path, metavar="FILE", help="a checkpoint that you kept from before")
    options = parser.parse_args(arguments)
    try:
        notes = [path.read_bytes().decode() for path in (options.checkpoint, options.older) if path]
        with options.export.open(encoding="utf-8", newline="\n") as lines:
            report = verify(lines, notes[0], options.key, *notes[1:])
    except (OSError, UnicodeDecodeError, Unusable) as error:
        sys.stderr.write(f"unusable: {error}\n")
        return 2
    for finding in report.findings:
        sys.stdout.write(f"{finding}\n")
    verdict = f"{len(report.findings)} findings" if report.findings else "clean"
    sys.stdout.write(
        f"{verdict}: {report.events} events, {report.erased} of them erased; the checkpoint covers seq 1 to {report.signed}\n"
    )
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
