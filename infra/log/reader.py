"""Events out of the log: decrypted, decoded, with their columns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports import Backlog, Found, Tallied, Wanted
from domain.base.aggregate import EPOCH, Event
from domain.base.errors import NotFound
from domain.base.recorded import Recorded
from infra.crypto.keyring import KEYS, Keyring, Tampered, subject_of, unseal_with
from infra.log import codec
from infra.log.finding import all_later, conditions, head, position_before
from infra.log.hashing import context_bytes, microseconds
from infra.log.quotes import SealedQuotes, give_back
from infra.postgres.database import Asking

COLUMNS = "seq, stream, version, topic, recorded_at, actor, correlation, causation, digest, hash, payload"
PAGE = 1000
"""Events of one query when a whole stream or log is read."""

SPAN = 20_000
"""Positions of one query when events are looked for that no index knows."""

UNREADABLE = (Tampered, msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError)
"""What one event's bytes may raise: they were changed, or another program wrote them."""

Row = tuple[int, UUID, int, str, datetime, str, UUID, UUID | None, bytes, bytes, bytes | None]


class Batch(msgspec.Struct, frozen=True):
    """The positions `after` + 1 to `last` of a tenant's log, without a gap; `hash` and `recorded_at` are those of `last`.

    `unreadable`: positions of events that do not open, or do not fit their class → the error's class; they stand in `events` without
    their facts.
    """

    after: int
    last: int
    hash: bytes
    recorded_at: datetime
    events: Sequence[Recorded]
    unreadable: Mapping[int, str] = {}

    def halves(self) -> tuple[Batch, Batch]:
        """Two batches for this one of two events or more."""
        events, half = self.events, len(self.events) // 2
        middle = events[half - 1]
        first = Batch(
            self.after, middle.position, middle.hash, middle.recorded_at, events[:half], self.unreadable
        )
        second = Batch(
            middle.position, self.last, self.hash, self.recorded_at, events[half:], self.unreadable
        )
        return first, second


class Reader:
    """Reads one tenant's events at a time, under row-level security."""

    def __init__(self, database: Asking, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def batch(self, tenant: UUID, after: int, limit: int, topics: Collection[str]) -> Batch | None:
        """What comes after position `after`, at most `limit` positions: of `topics` the events, of the others that they are there.
        None at the end of the log. It ends before a gap; a batch without a position is one that begins with a gap: nothing follows,
        though there is something beyond, or the tenant's head says so."""
        # One statement, for one sight of the log: what was committed between two looks would pass for something beyond a gap.
        counted = (
            "SELECT count(*), max(seq), EXISTS (SELECT 1 FROM events WHERE tenant = %(tenant)s AND seq > %(until)s) "
            "OR EXISTS (SELECT 1 FROM heads WHERE tenant = %(tenant)s AND seq > %(after)s) "
            "FROM events WHERE tenant = %(tenant)s AND seq > %(after)s AND seq <= %(until)s"
        )
        wanted = (
            f"SELECT {COLUMNS} FROM events WHERE tenant = %s AND seq > %s AND seq <= %s "
            "AND (topic = ANY(%s) OR seq = %s) ORDER BY seq"
        )
        unbroken = (
            "SELECT coalesce(max(seq), %(after)s) FROM (SELECT seq, row_number() OVER (ORDER BY seq) AS n FROM events "
            "WHERE tenant = %(tenant)s AND seq > %(after)s AND seq <= %(last)s) e WHERE seq = %(after)s + n"
        )
        async with self._database.tenant(tenant) as connection:
            values = {"tenant": tenant, "after": after, "until": after + limit}
            row = await (await connection.execute(counted, values, prepare=True)).fetchone()
            count, last, more = row or (0, None, False)
            if last is None:
                return Batch(after, after, b"", EPOCH, []) if more else None
            if last - after != count:
                values = {"tenant": tenant, "after": after, "last": last}
                (last,) = await (await connection.execute(unbroken, values)).fetchone() or (after,)
            if last == after:
                return Batch(after, after, b"", EPOCH, [])
            cursor = await connection.execute(
                wanted, [tenant, after, last, list(topics), last], binary=True, prepare=True
            )
            rows: list[Row] = await cursor.fetchall()
        end = rows[-1]
        if end[3] not in topics:  # only its hash and its time are of interest
            del rows[-1]
        events, unreadable = await self._opened_each(tenant, rows)
        return Batch(after, last, end[9], end[4], events, unreadable)

    async def page(self, tenant: UUID, after: int, limit: int) -> list[Recorded]:
        """At most `limit` events from position `after` + 1 on."""
        query = f"SELECT {COLUMNS} FROM events WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        return await self._read(tenant, query, tenant, after, limit)

    async def chosen(self, tenant: UUID, after: int, limit: int, topics: Sequence[str]) -> list[Recorded]:
        """At most `limit` events of `topics` from position `after` + 1 on."""
        query = f"SELECT {COLUMNS} FROM events WHERE tenant = $1 AND seq > $2 AND topic = ANY($4) ORDER BY seq LIMIT $3"
        return await self._read(tenant, query, tenant, after, limit, list(topics))

    async def stream(
        self,
        tenant: UUID,
        stream: UUID,
        after: int = 0,
        until: int | None = None,
        limit: int = PAGE,
        *,
        whole: bool = True,
    ) -> list[Recorded]:
        """At most `limit` events of a stream, from version `after` + 1 to `until`; whole, or without what is lent to them."""
        query = (
            f"SELECT {COLUMNS} FROM events WHERE tenant = $1 AND stream = $2 AND version > $3 AND version <= $4 "
            "ORDER BY version LIMIT $5"
        )
        values = [tenant, stream, after, until or 2**31 - 1, limit]
        if self._keyring.cached(tenant, stream) is not None:
            return await self._read(tenant, query, *values, whole=whole)
        # Most streams are under a key of their own name, which is not known yet where another process has begun them.
        rows, keys = await self._database.read_all(tenant, (query, values), (KEYS, [tenant, [stream]]))
        await self._keyring.opened(tenant, keys)
        return await self._opened(tenant, cast(list[Row], rows), whole)

    async def streams(self, tenant: UUID, ids: Sequence[UUID], most: int) -> dict[UUID, list[Recorded]]:
        """The first `most` events of each of these streams that has any, without what is lent to them."""
        query = (
            f"SELECT e.* FROM unnest($2::uuid[]) AS s (id) CROSS JOIN LATERAL (SELECT {COLUMNS} FROM events "
            "WHERE tenant = $1 AND stream = s.id ORDER BY version LIMIT $3) e"
        )
        values = [tenant, list(ids), most]
        rows, keys = await self._database.read_all(tenant, (query, values), (KEYS, [tenant, list(ids)]))
        await self._keyring.opened(tenant, keys)
        found = dict[UUID, list[Recorded]]()
        for recorded in await self._opened(tenant, cast(list[Row], rows), whole=False):
            found.setdefault(recorded.stream, []).append(recorded)
        return found

    async def find(self, tenant: UUID, wanted: Wanted, after: int, until: int, limit: int = PAGE) -> Found:
        """What is wanted among the positions `after` + 1 to `until`: at most `limit` events, at most SPAN positions where no index knows them."""
        if wanted.since is not None:
            after = await position_before(self._database, tenant, wanted.since, after, until)
        if wanted.until is not None and await all_later(self._database, tenant, wanted.until, after):
            return Found([], until)
        # One stream's events are few, and found by its key; those of seldom topics by their index.
        last = until if wanted.known else min(until, after + SPAN)
        order = "version" if wanted.stream else "seq"
        text, values = conditions(wanted, 4)
        query = f"SELECT {COLUMNS} FROM events WHERE tenant = $1 AND seq > $2 AND seq <= $3 {text}ORDER BY {order} LIMIT $4"
        events = await self._read(tenant, query, tenant, after, last, limit, *values)
        return Found(events, events[-1].position if len(events) == limit else last)

    async def tallies(self, tenant: UUID, kind: str, keys: Collection[str] | None) -> Tallied:
        """Tallies of a kind: those of `keys`, or all; with the position of which they are, in one sight."""
        query = (
            "SELECT h.seq, t.key, t.value FROM heads h LEFT JOIN tally t ON t.tenant = h.tenant AND t.kind = $2 "
            "AND ($3::text[] IS NULL OR t.key = ANY ($3)) WHERE h.tenant = $1"
        )
        rows = await self._database.read(tenant, query, tenant, kind, None if keys is None else list(keys))
        position = rows[0][0] if rows else 0
        return Tallied(values={key: value for _, key, value in rows if key is not None}, position=position)

    async def head(self, tenant: UUID) -> int:
        """The position of the tenant's last event; 0 when there is none."""
        return await head(self._database, tenant)

    async def work(self, tenant: UUID, kind: str) -> Backlog:
        query = "SELECT count(*), min(due_at) FROM work WHERE tenant = $1 AND kind = $2"
        [(rows, first)] = await self._database.read(tenant, query, tenant, kind)
        return Backlog(rows=rows, first=first)

    async def at(self, tenant: UUID, position: int) -> Recorded:
        """One event. Raises NotFound."""
        for recorded in await self.page(tenant, position - 1, 1):
            if recorded.position == position:
                return recorded
        raise NotFound(f"this tenant has no event {position}")

    async def several(self, tenant: UUID, positions: Sequence[int]) -> list[Recorded]:
        """The events at these positions, in order; those that there are."""
        query = f"SELECT {COLUMNS} FROM events WHERE tenant = $1 AND seq = ANY($2) ORDER BY seq"
        return await self._read(tenant, query, tenant, list(positions))

    async def spans(self, tenant: UUID, spans: Sequence[tuple[UUID, int, int]]) -> list[Recorded]:
        """Of each of these streams the events from a version to a later one, in that order."""
        query = (
            f"SELECT e.* FROM unnest($2::uuid[], $3::int[], $4::int[]) WITH ORDINALITY AS s (id, first, last, n) "
            f"CROSS JOIN LATERAL (SELECT {COLUMNS} FROM events WHERE tenant = $1 AND stream = s.id "
            "AND version BETWEEN s.first AND s.last) e ORDER BY s.n, e.version"
        )
        return await self._read(tenant, query, tenant, *map(list, zip(*spans, strict=True)))

    async def pages(
        self, tenant: UUID, after: int = 0, limit: int | None = None, topics: Sequence[str] = ()
    ) -> AsyncIterator[Recorded]:
        """The tenant's events in order of position, read in pages."""
        left = limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            page = await (
                self.chosen(tenant, after, size, topics) if topics else self.page(tenant, after, size)
            )
            for recorded in page:
                yield recorded
            if len(page) < size:
                return
            after = page[-1].position
            left = None if left is None else left - len(page)

    async def _read(self, tenant: UUID, query: str, *values: Any, whole: bool = True) -> list[Recorded]:
        rows = cast(list[Row], await self._database.read(tenant, query, *values))
        return await self._opened(tenant, rows, whole)

    async def _opened_each(
        self, tenant: UUID, rows: Sequence[Row]
    ) -> tuple[list[Recorded], Mapping[int, str]]:
        """As `_opened`, and which of them could not be read. A key that does not open is no fault of one event's: it is raised."""
        try:
            return await self._opened(tenant, rows), {}
        except UNREADABLE:
            await self._keys_of(tenant, rows)
        events: list[Recorded] = []
        unreadable: dict[int, str] = {}
        for row in rows:
            try:
                events += await self._opened(tenant, [row])
            except UNREADABLE as error:
                events.append(Recorded(row[0], tenant, *row[1:10], None))
                unreadable[row[0]] = type(error).__name__
        return events, unreadable

    async def _opened(self, tenant: UUID, rows: Sequence[Row], whole: bool = True) -> list[Recorded]:
        keys = await self._keys_of(tenant, rows)
        borrowed: list[SealedQuotes] = []
        events = [_event(tenant.bytes, row, keys, n, borrowed) for n, row in enumerate(rows)]
        if borrowed and whole:
            await give_back(events, borrowed, tenant=tenant, keyring=self._keyring)
        return [Recorded(row[0], tenant, *row[1:10], event) for row, event in zip(rows, events, strict=True)]

    async def _keys_of(self, tenant: UUID, rows: Sequence[Row]) -> dict[bytes, AESGCM]:
        """Those of the rows' subjects that have one, by the subject's bytes."""
        subjects = {row[10][1:17] for row in rows if row[10] is not None and len(row[10]) > 16}
        found = await self._keyring.load(tenant, map(_uuid, subjects))
        return {subject.bytes: key for subject, key in found.items()}


def _event(
    tenant: bytes, row: Row, keys: dict[bytes, AESGCM], nth: int, borrowed: list[SealedQuotes]
) -> Event | None:
    """None where the payload was erased or its key is gone. What is lent to it is added to `borrowed`."""
    _, stream, version, topic, recorded_at, actor, correlation, causation, _, _, payload = row
    if payload is None or (key := keys.get(subject_of(payload))) is None:
        return None
    context = context_bytes(
        tenant,
        stream.bytes,
        version,
        microseconds(recorded_at),
        correlation.bytes,
        causation.bytes if causation else None,
        topic,
        actor,
    )
    plain = unseal_with(key, payload, context)
    event = codec.decode(topic, plain, stream, version, recorded_at)
    if event.QUOTES and (sealed := codec.lent_to(event, plain)):
        borrowed.append(SealedQuotes(nth, sealed, context))
    return event


def _uuid(value: bytes) -> UUID:
    return UUID(bytes=value)
