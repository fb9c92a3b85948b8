"""Exports are built with the log's own functions; the verifier under test shares no code with them."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.audit.merkle import EMPTY, consistency_proof, inclusion_proof, leaf_hash, root
from domain.audit.note import Checkpoint, sign, verifier_key
from infra.audit import verifier
from infra.audit.verifier import Finding, Report, Unusable, verify
from infra.log.hashing import GENESIS, context_bytes, digest_of, hash_of

TENANT = UUID(int=0x7E)
STREAMS = [UUID(int=number) for number in (0xA1, 0xB2, 0xC3)]
ORIGIN = f"retrace/{TENANT}"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER_KEY = verifier_key(ORIGIN, KEY.public_key())
SIZE, OLDER = 20, 11
Json = dict[str, Any]


def text(data: bytes) -> str:
    return b64encode(data).decode()


def hash_bytes(event: Json) -> bytes:
    return b64decode(event["hash"])


def event(seq: int, stream: UUID, version: int, previous: bytes, *, erased: bool = False) -> Json:
    payload = f"sealed {seq}".encode() * 3
    causation = UUID(int=seq) if seq % 3 else None
    context = context_bytes(
        TENANT.bytes,
        stream.bytes,
        version,
        1_700_000_000_000_000 + seq,
        UUID(int=99).bytes,
        causation.bytes if causation else None,
        "MessageReceived",
        "ü",
    )
    digest = digest_of(payload)
    return {
        "seq": seq,
        "stream": str(stream),
        "version": version,
        "recorded_at": 1_700_000_000_000_000 + seq,
        "topic": "MessageReceived",
        "actor": "ü",
        "correlation": str(UUID(int=99)),
        "causation": str(causation) if causation else None,
        "payload": None if erased else text(payload),
        "digest": text(digest),
        "hash": text(hash_of(previous, context, digest)),
    }


def log(count: int = SIZE) -> list[Json]:
    """`count` events of three streams that take turns; those of seq 4 and 8 are erased."""
    last: dict[UUID, tuple[int, bytes]] = {}
    events = []
    for seq in range(1, count + 1):
        stream = STREAMS[seq % 3]
        version, previous = last.get(stream, (0, GENESIS))
        made = event(seq, stream, version + 1, previous, erased=seq in (4, 8))
        last[stream] = version + 1, hash_bytes(made)
        events.append(made)
    return events


def leaves_of(events: list[Json]) -> list[bytes]:
    return [leaf_hash(hash_bytes(event)) for event in events]


def checkpoint(events: list[Json], size: int, *, origin: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> str:
    return sign(Checkpoint(origin, size, root(leaves_of(events[:size]))).text(), ORIGIN, key)


def whole(events: list[Json]) -> list[Json]:
    to = max((int(event["seq"]) for event in events), default=0)
    header = {"format": "retrace-export-1", "tenant": str(TENANT), "from": 1, "to": to, "complete": True}
    return [header, *events]


def conversation(events: list[Json], stream: UUID, size: int) -> list[Json]:
    leaves = leaves_of(events[:size])
    header = {
        "format": "retrace-export-1",
        "tenant": str(TENANT),
        "complete": False,
        "stream": str(stream),
        "size": size,
    }
    return [
        header,
        *(
            event | {"proof": [text(hash) for hash in inclusion_proof(leaves, event["seq"] - 1)]}
            if event["seq"] <= size
            else event
            for event in events
            if event["stream"] == str(stream)
        ),
    ]


def lines(export: list[Json]) -> list[str]:
    return [json.dumps(line) + "\n" for line in export]


def check(export: list[Json], *, older: str | None = None, note: str | None = None) -> Report:
    return verify(lines(export), note or checkpoint(log(), SIZE), VERIFIER_KEY, older)


def places(findings: list[Finding]) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.seq) for finding in findings]


def test_a_whole_log_is_clean() -> None:
    report = check(whole(log()), older=checkpoint(log(), OLDER))
    assert report == Report([], SIZE, 2, SIZE)


def test_events_behind_the_checkpoint_are_clean_too() -> None:
    assert check(whole(log(SIZE + 5))).findings == []


def test_an_empty_log_is_clean() -> None:
    note = sign(Checkpoint(ORIGIN, 0, EMPTY).text(), ORIGIN, KEY)
    assert check(whole([]), note=note).findings == []
    assert check(whole(log()), older=note).findings == []


def test_a_stream_may_begin_with_version_zero() -> None:
    first = event(1, STREAMS[0], 0, GENESIS)
    second = event(2, STREAMS[0], 1, hash_bytes(first))
    events = [first, second]
    assert check(whole(events), note=checkpoint(events, 2)).findings == []
    second["seq"] = 1
    kinds = {finding.kind for finding in check(whole([second]), note=checkpoint(events, 2)).findings}
    assert kinds == {"truncated", "chain broken"}


Tamper = Callable[[list[Json]], object]


def again(events: list[Json]) -> None:
    """Number the events anew, as somebody does who hides what he did."""
    for seq, event in enumerate(events, 1):
        event["seq"] = seq


def forge(events: list[Json], at: int) -> None:
    """Change a payload, its digest and its hash, but not the hashes behind it."""
    old = events[at]
    previous = next((hash_bytes(e) for e in reversed(events[:at]) if e["stream"] == old["stream"]), GENESIS)
    events[at] = event(99, UUID(old["stream"]), old["version"], previous) | {"seq": old["seq"]}
    for name in ("recorded_at", "causation"):
        events[at][name] = event(99, UUID(old["stream"]), 1, b"")[name]


def forge_all(events: list[Json], at: int) -> None:
    """Change an event and all hashes that follow from it."""
    forge(events, at)
    previous = hash_bytes(events[at])
    for place in range(at + 1, len(events)):
        if events[place]["stream"] == events[at]["stream"]:
            made = event(place + 1, UUID(events[at]["stream"]), events[place]["version"], previous)
            events[place] = made
            previous = hash_bytes(made)


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (lambda log: log[6].update(payload=text(b"another")), [("payload changed", 7)]),
        (lambda log: log[6].update(digest=text(bytes(32))), [("digest changed", 7)]),
        (lambda log: log[6].update(topic="MessageSent"), [("context changed", 7)]),
        (lambda log: log[6].update(actor="u"), [("context changed", 7)]),
        (lambda log: log[6].update(recorded_at=5), [("context changed", 7)]),
        (lambda log: log[6].update(causation=None), [("context changed", 7)]),
        (lambda log: log[8].update(causation=str(UUID(int=0))), [("context changed", 9)]),
        (lambda log: log[6].update(correlation=str(UUID(int=5))), [("context changed", 7)]),
        (lambda log: log[3].update(digest=text(bytes(32))), [("context changed", 4)]),
        (
            lambda log: log[6].update(topic="MessageSent", payload=text(b"another")),
            [("payload changed", 7), ("context changed", 7)],
        ),
        (lambda log: log[19].update(hash=text(bytes(32))), [("chain broken", 20), ("rewritten", None)]),
        (
            lambda log: log[6].update(hash=text(bytes(32))),
            [("chain broken", 7), ("chain broken", 10), ("rewritten", None)],
        ),
        (lambda log: forge(log, 6), [("chain broken", 10), ("rewritten", None)]),
        (lambda log: forge_all(log, 6), [("rewritten", None)]),
        (lambda log: log.pop(6), [("removed", 7), ("removed", None)]),
        (lambda log: (log.pop(6), again(log)), [("truncated", 20), ("removed", None)]),
        (lambda log: (log.pop(0), again(log)), [("truncated", 20), ("removed", None)]),
        (lambda log: log.pop(), [("truncated", 20)]),
        (lambda log: log.clear(), [("truncated", 1)]),
        (lambda log: log.insert(6, log[6]), [("inserted", 7)]),
        (lambda log: (log.insert(7, dict(log[6])), again(log)), [("inserted", 8), ("rewritten", None)]),
        (
            lambda log: (log.insert(6, event(7, UUID(int=5), 1, GENESIS)), again(log)),
            [("rewritten", None)],
        ),
        (lambda log: log.insert(8, log.pop(6)), [("reordered", 7)]),
        (lambda log: log.reverse(), [("reordered", seq) for seq in range(1, 20)]),
        (lambda log: (log.insert(9, log.pop(6)), again(log)), [("reordered", 10), ("rewritten", None)]),
        (lambda log: (log.insert(7, log.pop(6)), again(log)), [("rewritten", None)]),
        (lambda log: log[6].update(seq="7"), [("removed", 7), ("removed", None), ("unreadable", None)]),
        (lambda log: log[6].pop("actor"), [("removed", 7), ("removed", None), ("unreadable", None)]),
        (lambda log: log[6].update(stream=str(UUID(int=0xFF))), None),
        (lambda log: log[6].update(version=2**40), None),
    ],
)
def test_tampering_is_named(tamper: Tamper, expected: list[tuple[str, int | None]] | None) -> None:
    events = log()
    tamper(events)
    findings = check(whole(events)).findings
    assert findings
    if expected is not None:
        assert sorted(places(findings), key=str) == sorted(expected, key=str)


def test_a_finding_names_the_place() -> None:
    events = log()
    events[6]["payload"] = text(b"another")
    assert str(check(whole(events)).findings[0]) == (
        f"seq 7, stream {STREAMS[1]}, version 3: payload changed: it does not have the digest that was chained"
    )


def test_what_an_older_checkpoint_covers_is_told_from_the_rest() -> None:
    events = log()
    forge_all(events, 14)
    (finding,) = check(whole(events), older=checkpoint(log(), OLDER)).findings
    assert finding.detail.startswith("the events 12 to 20 are not those")


def test_the_end_that_the_header_states_must_be_there() -> None:
    export = whole(log(SIZE + 5))
    assert places(check(export[:-1]).findings) == [("truncated", SIZE + 5)]
    export[0]["to"] = SIZE + 4
    assert places(check(export).findings) == [("inserted", SIZE + 5)]


def test_a_conversation_is_clean() -> None:
    for size in (SIZE - 4, SIZE):
        export = conversation(log(), STREAMS[1], size)
        assert check(export, note=checkpoint(log(), size)).findings == []


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (lambda log: log[2].update(payload=text(b"another")), [("payload changed", 7)]),
        (lambda log: log[2].update(topic="MessageSent"), [("context changed", 7)]),
        (lambda log: forge(log, 2), [("rewritten", 7), ("chain broken", 10)]),
        (lambda log: log.pop(2), [("removed", None)]),
        (lambda log: log.insert(3, log[2]), [("inserted", 7)]),
        (lambda log: log.insert(3, log.pop(2)), [("reordered", 7)]),
        (lambda log: log[2].update(seq=8), [("rewritten", 8)]),
        (lambda log: log[2].pop("proof"), [("rewritten", 7)]),
        (lambda log: log[2]["proof"].pop(), [("rewritten", 7)]),
        (lambda log: log[2]["proof"].append(text(bytes(32))), [("rewritten", 7)]),
        (lambda log: log[2].update(proof="no list"), [("removed", None), ("unreadable", None)]),
    ],
)
def test_tampering_with_a_conversation_is_named(
    tamper: Tamper, expected: list[tuple[str, int | None]]
) -> None:
    header, *events = conversation(log(), STREAMS[1], SIZE)
    tamper(events)
    assert sorted(places(check([header, *events]).findings), key=str) == sorted(expected, key=str)


def test_an_event_of_another_conversation_is_named() -> None:
    export = conversation(log(), STREAMS[1], SIZE)
    export.insert(3, conversation(log(), STREAMS[2], SIZE)[1])
    assert ("inserted", 2) in places(check(export).findings)


def consistency(first: int, second: int) -> Json:
    proof = consistency_proof(leaves_of(log(second)), first)
    return {"consistency": [text(hash) for hash in proof], "first": first, "second": second}


def test_consistency_of_all_sizes_is_shown() -> None:
    leaves = leaves_of(log(40))
    for second in range(1, 41):
        newer = verifier.Checkpoint(ORIGIN, second, root(leaves[:second]))
        for first in range(1, second):
            older = verifier.Checkpoint(ORIGIN, first, root(leaves[:first]))
            proof = consistency_proof(leaves[:second], first)
            assert verifier.is_consistent(older, newer, proof)
            assert not verifier.is_consistent(older, newer, [*proof, EMPTY])
            assert not verifier.is_consistent(older, newer, proof[:-1])
            assert not verifier.is_consistent(older._replace(root=EMPTY), newer, proof)
            assert not verifier.is_consistent(older, newer._replace(root=EMPTY), proof)


def test_inclusion_in_all_sizes_is_shown() -> None:
    leaves = leaves_of(log(40))
    for size in range(1, 41):
        assert verifier.root_of(leaves[:size]) == root(leaves[:size])
        for index in range(size):
            proof = inclusion_proof(leaves[:size], index)
            assert verifier.root_from_inclusion(leaves[index], index, size, proof) == root(leaves[:size])
            assert verifier.root_from_inclusion(leaves[index], index, size, [*proof, EMPTY]) is None
            assert proof == [] or verifier.root_from_inclusion(leaves[index], index, size, proof[:-1]) is None


def test_a_conversation_is_compared_with_an_older_checkpoint_by_a_proof() -> None:
    export, older = conversation(log(), STREAMS[1], SIZE), checkpoint(log(), OLDER)
    assert places(check(export, older=older).findings) == [("consistency", None)]
    assert check([*export, consistency(OLDER, SIZE)], older=older).findings == []
    assert places(check([*export, consistency(OLDER - 1, SIZE)], older=older).findings) == [
        ("consistency", None)
    ]
    forged = log()
    forge_all(forged, 2)
    (finding,) = check([*export, consistency(OLDER, SIZE)], older=checkpoint(forged, OLDER)).findings
    assert finding.kind == "consistency"


def test_a_log_that_became_shorter_or_another_is_found() -> None:
    shorter = check(whole(log(OLDER)), note=checkpoint(log(), OLDER), older=checkpoint(log(), SIZE))
    assert ("truncated", None) in places(shorter.findings)
    other = log()
    forge_all(other, 2)
    fork = check(whole(log()), older=checkpoint(other, SIZE))
    assert ("consistency", None) in places(fork.findings)
    later = check(whole(other), note=checkpoint(other, SIZE), older=checkpoint(log(), OLDER))
    assert places(later.findings) == [("rewritten", None)]


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        (checkpoint(log(), SIZE, key=Ed25519PrivateKey.generate()), "signature"),
        (checkpoint(log(), SIZE).replace("\n20\n", "\n19\n"), "signature"),
        (checkpoint(log(), SIZE, origin=f"retrace/{UUID(int=1)}"), "origin"),
    ],
)
def test_a_checkpoint_of_somebody_else_is_found(note: str, kind: str) -> None:
    assert kind in [finding.kind for finding in check(whole(log()), note=note).findings]


def test_a_checkpoint_signed_by_others_too_is_clean() -> None:
    note = checkpoint(log(), SIZE)
    other = sign(note.split("\n\n")[0] + "\n", "witness", Ed25519PrivateKey.generate()).split("\n\n")[1]
    assert check(whole(log()), note=note + other).findings == []


def test_a_file_that_was_cut_off_is_found() -> None:
    cut = lines(whole(log()))
    cut[-1] = cut[-1][:-20]
    findings = verify(cut, checkpoint(log(), SIZE), VERIFIER_KEY).findings
    assert places(findings) == [("truncated", 20), ("truncated", None)]
    assert findings[1].detail == "line 21 is cut off"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "retrace-export-2"}, "not of the format"),
        ({"tenant": "none"}, "malformed"),
        ({"from": 2}, "does not begin with seq 1"),
        ({"to": None}, "does not begin with seq 1"),
        ({"complete": False}, "malformed"),
        ({"complete": False, "stream": str(STREAMS[0]), "size": 7}, "another checkpoint"),
    ],
)
def test_an_unusable_header_is_refused(change: Json, reason: str) -> None:
    export = whole(log())
    export[0] |= change
    with pytest.raises(Unusable, match=reason):
        check(export)


@pytest.mark.parametrize(
    "note", ["", "no note", "a\nb\nc\n\n— x y\n", f"{ORIGIN}\n020\n{text(bytes(32))}\n\n— a YQ==\n"]
)
def test_an_unusable_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(Unusable):
        verify(lines(whole(log())), note, VERIFIER_KEY)


@pytest.mark.parametrize("key", ["", "a+b", "a+00000000+YQ==", VERIFIER_KEY.replace("+", "0+", 1)])
def test_an_unusable_key_is_refused(key: str) -> None:
    with pytest.raises(Unusable):
        verify(lines(whole(log())), checkpoint(log(), SIZE), key)


def run(folder: Path, export: list[Json], *more: str) -> subprocess.CompletedProcess[str]:
    """As an outsider does: the file alone, elsewhere, with nothing of ours on the path."""
    alone = folder / "verifier.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    (folder / "export.jsonl").write_text("".join(lines(export)))
    (folder / "checkpoint").write_text(checkpoint(log(), SIZE))
    (folder / "older").write_text(checkpoint(log(), OLDER))
    command = [sys.executable, "-I", str(alone), "export.jsonl", "--checkpoint", "checkpoint"]
    return subprocess.run(
        [*command, "--key", VERIFIER_KEY, *more], cwd=folder, capture_output=True, text=True, timeout=30
    )


def test_an_outsider_runs_it_with_python_alone(tmp_path: Path) -> None:
    done = run(tmp_path, whole(log()), "--older", "older")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "clean: 20 events, 2 of them erased; the checkpoint covers seq 1 to 20\n"

    done = run(tmp_path, whole(log()[:-1]))
    assert done.returncode == 1
    assert done.stdout.startswith(
        "seq 20: truncated: the export ends with seq 19, the checkpoint covers 20\n1 findings"
    )

    done = run(tmp_path, [])
    assert (done.returncode, done.stderr) == (2, "unusable: the export has no header\n")

    assert run(tmp_path, whole(log()), "--older", "missing").returncode == 2
