"""What somebody with the database but without the keys may do to a log; each says which event should be named, and how."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg

from infra.log.hashing import context_bytes, digest_of, hash_of, microseconds

Db = psycopg.Connection[Any]
Expected = tuple[set[int], set[str]]
"""One of these numbers must be named, with one of these faults."""

COLUMNS = "seq, stream, version, recorded_at, topic, actor, correlation, causation, payload, digest, hash"


def one(db: Db, tenant: UUID, seq: int) -> dict[str, Any]:
    query = f"SELECT {COLUMNS} FROM retrace.events WHERE tenant = %s AND seq = %s"
    row = db.execute(query.encode(), [tenant, seq]).fetchone()
    assert row is not None
    return dict(zip(COLUMNS.split(", "), row, strict=True))


def change(db: Db, tenant: UUID, seq: int, **columns: Any) -> None:
    sets = ", ".join(f"{name} = %({name})s" for name in columns)
    query = f"UPDATE retrace.events SET {sets} WHERE tenant = %(tenant)s AND seq = %(seq)s"
    db.execute(query.encode(), {**columns, "tenant": tenant, "seq": seq})


def flipped(data: bytes, chance: random.Random, first: int = 0) -> bytes:
    place = chance.randrange(first, len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def hashed(db: Db, tenant: UUID, row: dict[str, Any]) -> bytes:
    """The hash that an event with these columns must have."""
    query = "SELECT hash FROM retrace.events WHERE tenant = %s AND stream = %s AND version = %s"
    before = db.execute(query, [tenant, row["stream"], row["version"] - 1]).fetchone()
    about = context_bytes(
        tenant.bytes, row["stream"].bytes, row["version"], microseconds(row["recorded_at"]), row["correlation"].bytes,
        row["causation"].bytes if row["causation"] else None, row["topic"], row["actor"],
    )  # fmt: skip
    return hash_of(before[0] if before else b"", about, row["digest"])


def rechain(db: Db, tenant: UUID, stream: UUID, version: int) -> None:
    """Make all hashes of a stream fit from a version on."""
    query = (
        "SELECT seq FROM retrace.events WHERE tenant = %s AND stream = %s AND version >= %s ORDER BY version"
    )
    for (seq,) in db.execute(query, [tenant, stream, version]).fetchall():
        change(db, tenant, seq, hash=hashed(db, tenant, one(db, tenant, seq)))


def payload(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    seq = chance.randint(1, last)
    change(db, tenant, seq, payload=flipped(one(db, tenant, seq)["payload"], chance))
    return {seq}, {"payload changed"}


def payload_and_digest(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    seq = chance.randint(1, last)
    new = flipped(one(db, tenant, seq)["payload"], chance)
    change(db, tenant, seq, payload=new, digest=digest_of(new))
    return {seq}, {"context changed", "payload changed"}


def payload_and_all_hashes(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    seq = chance.randint(1, last)
    row = one(db, tenant, seq)
    new = flipped(row["payload"], chance)
    change(db, tenant, seq, payload=new, digest=digest_of(new))
    rechain(db, tenant, row["stream"], row["version"])
    return {seq}, {"forged"}


def payload_of_another(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    """An old text in the place of a new one, sealed with the right key."""
    seq, other = chance.sample(range(1, last + 1), 2)
    change(db, tenant, seq, payload=one(db, tenant, other)["payload"])
    return {seq}, {"payload changed"}


def payload_gone(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    seq = chance.randint(1, last)
    change(db, tenant, seq, payload=None)
    return {seq}, {"payload missing"}


def context(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    seq = chance.randint(1, last)
    row = one(db, tenant, seq)
    name = chance.choice(["actor", "topic", "correlation", "causation", "recorded_at"])
    new: Any = f"{row[name]}x"
    if name in ("correlation", "causation"):
        new = chance.choice([uuid4(), UUID(int=0)])
    if name == "recorded_at":
        query = "SELECT %s::timestamptz + %s * interval '1 microsecond'"
        new = db.execute(query, [row[name], chance.choice([-1, 1, 10**6, 10**12])]).fetchone()[0]  # type: ignore[index]
    change(db, tenant, seq, **{name: new})
    return {seq}, {"context changed"}


def context_and_all_hashes(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    seq = chance.randint(1, last)
    row = one(db, tenant, seq)
    change(db, tenant, seq, actor="key:somebody-else")
    rechain(db, tenant, row["stream"], row["version"])
    return {seq}, {"forged"}


def hash(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    seq = chance.randint(1, last)
    change(db, tenant, seq, hash=flipped(one(db, tenant, seq)["hash"], chance))
    return {seq}, {"chain broken"}


def removed(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    seq = chance.randint(1, last - 1)
    db.execute("DELETE FROM retrace.events WHERE tenant = %s AND seq = %s", [tenant, seq])
    return {seq}, {"removed"}


def removed_and_renumbered(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    seq = chance.randint(1, last - 1)
    db.execute("DELETE FROM retrace.events WHERE tenant = %s AND seq = %s", [tenant, seq])
    shift(db, tenant, seq, -1)
    return set(range(seq, last + 1)), {"removed", "truncated", "reordered"}


def inserted(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    """A copy of an event as the first of a stream of its own, with a hash that fits, in the middle of the log."""
    seq, source = chance.randint(1, last), chance.randint(1, last)
    shift(db, tenant, seq - 1, 1)
    row = one(db, tenant, source + (source >= seq)) | {"seq": seq, "stream": uuid4(), "version": 1}
    row["hash"] = hashed(db, tenant, row)
    names, places = COLUMNS, ", ".join(f"%({name})s" for name in COLUMNS.split(", "))
    query = f"INSERT INTO retrace.events (tenant, {names}) VALUES (%(tenant)s, {places})"
    db.execute(query.encode(), {**row, "tenant": tenant})
    return {seq}, {"forged"}


def swapped(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    one_seq, other = chance.sample(range(1, last + 1), 2)
    move = "UPDATE retrace.events SET seq = %s WHERE tenant = %s AND seq = %s"
    for new, old in ((-1, one_seq), (one_seq, other), (other, -1)):
        db.execute(move, [new, tenant, old])
    return {one_seq, other}, {"reordered"}


def cut(db: Db, tenant: UUID, last: int, chance: random.Random) -> Expected:
    left = chance.randint(0, last - 1)
    db.execute("DELETE FROM retrace.events WHERE tenant = %s AND seq > %s", [tenant, left])
    if chance.random() < 0.5:
        db.execute("UPDATE retrace.heads SET seq = %s WHERE tenant = %s", [left, tenant])
    return {left + 1}, {"truncated"}


def shift(db: Db, tenant: UUID, after: int, by: int) -> None:
    """Renumber what follows, past the unique key."""
    db.execute("UPDATE retrace.events SET seq = -seq WHERE tenant = %s AND seq > %s", [tenant, after])
    db.execute("UPDATE retrace.events SET seq = -seq + %s WHERE tenant = %s AND seq < 0", [by, tenant])


TAMPERINGS: tuple[Callable[[Db, UUID, int, random.Random], Expected], ...] = (
    payload, payload_and_digest, payload_and_all_hashes, payload_of_another, payload_gone, context, context_and_all_hashes,
    hash, removed, removed_and_renumbered, inserted, swapped, cut,
)  # fmt: skip
