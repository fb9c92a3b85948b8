"""The arguments and the answer of `append` in PostgreSQL's binary form."""

from __future__ import annotations

from collections.abc import Sequence

from application.ports import Done, Due, Tally
from infra.crypto.keyring import WrappedKey
from infra.log import packing
from infra.log.command import DONE, Command, NewEvent, Verdict
from infra.log.hashing import microseconds

COUNT = 44
"""Arguments of `append`."""


def pack(commands: list[Command]) -> list[bytes]:
    """The arguments of `append`, in the order of its declaration; places count from 1."""
    heads = {tenant: place for place, tenant in enumerate(sorted({c.tenant for c in commands}), 1)}
    counts = [0] * (len(heads) + 1)
    events: list[NewEvent] = []
    e_command: list[int] = []
    e_head: list[int] = []
    e_nth: list[int] = []
    e_actor: list[str] = []
    streams: list[tuple[int, bytes]] = []
    inbox: list[tuple[int, str]] = []
    owed: list[tuple[int, Due, bytes]] = []
    settled: list[tuple[int, Done]] = []
    tallies: list[tuple[int, int, Tally]] = []
    keys: list[tuple[int, WrappedKey]] = []
    for number, command in enumerate(commands, 1):
        head = heads[command.tenant]
        if command.inbox is not None:
            inbox.append((len(events) + 1, command.inbox))
        for event in command.events:
            events.append(event)
            e_command.append(number)
            e_head.append(head)
            counts[head] += 1
            e_nth.append(counts[head])
            e_actor.append(command.actor)
            if event.previous is not None:
                streams.append((len(events), event.previous))
        owed.extend((number, item, cause) for item, cause in command.owed)
        settled.extend((number, item) for item in command.settled)
        tallies.extend((number, head, tally) for tally in command.tallies)
        keys.extend((number, key) for key in command.keys)
    p = packing
    return [
        p.uuids(list(heads)),
        p.bigints(counts[1:]),
        p.uuids([c.tenant for c in commands]),
        p.uuids([c.correlation for c in commands]),
        p.uuids([c.causation for c in commands]),
        p.ints(e_command),
        p.ints(e_head),
        p.bigints(e_nth),
        p.uuids([e.stream for e in events]),
        p.ints([e.version for e in events]),
        p.texts([e.topic for e in events]),
        p.times([e.recorded_at for e in events]),
        p.texts(e_actor),
        p.blobs([e.payload for e in events]),
        p.blobs([e.digest for e in events]),
        p.blobs([e.hash for e in events]),
        p.ints([n for n, _ in streams]),
        p.blobs([previous for _, previous in streams]),
        p.ints([n for n, _ in inbox]),
        p.texts([key for _, key in inbox]),
        *(_owed(owed) if owed else _NO_OWED),
        *(_settled(settled) if settled else _NO_SETTLED),
        *(_tallies(tallies) if tallies else _NO_TALLIES),
        *(_keys(keys) if keys else _NO_KEYS),
    ]


def _owed(items: list[tuple[int, Due, bytes]]) -> list[bytes]:
    return [
        packing.ints([n for n, _, _ in items]),
        packing.texts([item.kind for _, item, _ in items]),
        packing.texts([item.key for _, item, _ in items]),
        packing.times([microseconds(item.due_at) for _, item, _ in items]),
        packing.uuids([cause for _, _, cause in items]),
        packing.uuids([item.holder.bytes if item.holder else None for _, item, _ in items]),
        packing.ints([item.lease for _, item, _ in items]),
    ]


def _settled(items: list[tuple[int, Done]]) -> list[bytes]:
    return [
        packing.ints([n for n, _ in items]),
        packing.texts([item.kind for _, item in items]),
        packing.texts([item.key for _, item in items]),
        packing.uuids([item.holder.bytes if item.holder else None for _, item in items]),
        packing.bigints([item.revision for _, item in items]),
    ]


def _tallies(items: list[tuple[int, int, Tally]]) -> list[bytes]:
    places: dict[tuple[int, str, str], int] = {}
    tally = [places.setdefault((head, t.kind, t.key), len(places) + 1) for _, head, t in items]
    return [
        packing.ints([n for n, _, _ in items]),
        packing.ints(tally),
        packing.bigints([t.change for _, _, t in items]),
        packing.bigints([t.low for _, _, t in items]),
        packing.bigints([t.high for _, _, t in items]),
        packing.ints([head for head, _, _ in places]),
        packing.texts([kind for _, kind, _ in places]),
        packing.texts([key for _, _, key in places]),
    ]


def _keys(items: list[tuple[int, WrappedKey]]) -> list[bytes]:
    return [
        packing.ints([n for n, _ in items]),
        packing.uuids([key.subject.bytes for _, key in items]),
        packing.ints([key.generation for _, key in items]),
        packing.blobs([key.wrapped for _, key in items]),
    ]


# Most calls have none of some of them.
_NO_OWED, _NO_SETTLED, _NO_TALLIES, _NO_KEYS = _owed([]), _settled([]), _tallies([]), _keys([])


def unpack(commands: list[Command], values: Sequence[bytes | None]) -> list[Verdict]:
    """What `append` said of each command, from its five columns in binary form."""
    verdicts, effects, bases, nths = (packing.integers(value) for value in values[:4])
    leased = packing.sixteens(values[4])
    heads = {tenant: place for place, tenant in enumerate(sorted({c.tenant for c in commands}))}
    answer: list[Verdict] = []
    event = -1
    for number, command in enumerate(commands):
        event += len(command.events)
        if verdicts[number] == DONE:
            has = bool(leased) and any(
                item.holder and item.holder.bytes in leased for item, _ in command.owed
            )
            answer.append(Verdict(DONE, bases[heads[command.tenant]] + nths[event], has))
        else:
            answer.append(Verdict(verdicts[number], effects[number] if effects else 0))
    return answer
