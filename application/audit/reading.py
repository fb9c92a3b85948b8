"""Reading the log as an auditor, and putting on record that it was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.ports import Clock, Found, Store, Wanted
from domain.audit.administration import ADMINISTRATIVE_KINDS, ADMINISTRATIVE_TOPICS
from domain.audit.audit import AuditTrail, Stage
from domain.base.aggregate import Aggregate, events_of
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.base.recorded import Recorded
from domain.base.times import in_utc
from domain.kinds import TOPICS, kind_of, topic_of

_ADMINISTRATIVE = tuple(
    topic
    for topic in sorted(TOPICS)
    if topic in ADMINISTRATIVE_TOPICS or topic.partition(".")[0] in ADMINISTRATIVE_KINDS
)
NONE = "none"
"""A topic of no event: what was asked for contradicts itself."""

NEAREST = 400
"""Positions before the end that are looked through first for the latest events; then four times as many, and so on."""

MOST_POSITIONS = 50_000
"""Of the log that one request looks through, where no index knows what is wanted; a list goes on from there with its cursor."""


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which events an auditor asks for: those that fit all that is given. `stream` is kind/id, `kind` an event's topic; `administrative`:
    only what persons set, switch and let out (domain/audit/administration.py)."""

    stream: str | None = None
    kind: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    correlation: UUID | None = None
    administrative: bool = False

    def wanted(self) -> Wanted:
        """Raises Invalid for what can't be."""
        topics: tuple[str, ...] = (topic_of(self.kind),) if self.kind is not None else ()
        stream = None
        if self.stream is not None:
            kind, stream = stream_of(self.stream)
            topics = topics or tuple(events_of(kind))
        if self.administrative:
            topics = tuple(topic for topic in topics or _ADMINISTRATIVE if topic in _ADMINISTRATIVE) or (
                NONE,
            )
        return Wanted(
            stream=stream,
            topics=topics,
            actor=self.actor,
            since=in_utc("since", self.since),
            until=in_utc("until", self.until),
            correlation=self.correlation,
        )

    def filters(self) -> dict[str, str]:
        """What was asked for, as it is recorded."""
        shown: dict[str, Any] = msgspec.to_builtins(self)
        return {name: str(value) for name, value in shown.items() if value not in (None, False)}


class LogRead(msgspec.Struct, kw_only=True):
    """A read of the log: by which way, for what, and what it has given so far."""

    route: str
    filters: dict[str, str] = {}
    events: int = 0
    first: int | None = None
    last: int | None = None

    def given(self, events: Sequence[Recorded]) -> None:
        """Count what is handed out."""
        if events:
            self.events += len(events)
            self.first = events[0].position if self.first is None else self.first
            self.last = events[-1].position


async def record_read(
    read: LogRead, context: Context, *, store: Store, clock: Clock, stage: Stage = "whole"
) -> int:
    """Put a read on record; returns the position of that event."""

    def decide(trail: AuditTrail | None) -> AuditTrail:
        trail = trail or AuditTrail.begin(context.tenant, now)
        trail.read(
            route=read.route,
            filters=read.filters,
            stage=stage,
            events=read.events,
            first=read.first,
            last=read.last,
            at=clock(),
        )
        return trail

    now = clock()
    stream = AuditTrail.id_of(context.tenant, now.date())
    _, saved = await store.change(AuditTrail, stream, decide, context=context)
    return saved.position


async def read_events(
    query: EventQuery, tenant: UUID, *, after: int, until: int, limit: int, store: Store
) -> Found:
    """The first `limit` events that are asked for, or fewer where they would be looked for too long."""
    events: list[Recorded] = []
    reached = after
    wanted = query.wanted()
    async for found in store.find(tenant, wanted, after=after, until=until):
        events += found.events
        reached = found.reached
        if len(events) > limit:
            del events[limit:]
            return Found(events, events[-1].position)
        if reached - after >= MOST_POSITIONS and not wanted.known:
            break
    return Found(events, reached)


async def latest_events(query: EventQuery, tenant: UUID, *, before: int, limit: int, store: Store) -> Found:
    """The last `limit` events before a position that are asked for, the newest first, or fewer where they would be looked for too long.
    From `reached` on there are no others."""
    return await latest_of(query.wanted(), tenant, before=before, limit=limit, store=store)


async def latest_of(wanted: Wanted, tenant: UUID, *, before: int, limit: int, store: Store) -> Found:
    """As `latest_events`."""
    found = list[Recorded]()
    until, window = before - 1, NEAREST
    end = 0 if wanted.known else max(0, until - MOST_POSITIONS)
    while until > end:
        after, part = max(end, until - window), list[Recorded]()
        async for each in store.find(tenant, wanted, after=after, until=until):
            part += each.events
        found += reversed(part)
        if len(found) > limit:
            return Found(found[:limit], found[limit - 1].position)
        until, window = after, window * 4
    return Found(found, until + 1)


def stream_of(text: str) -> tuple[type[Aggregate[Any]], UUID]:
    """`kind/id` as a stream. Raises Invalid."""
    kind, _, id = text.partition("/")
    try:
        return kind_of(kind), UUID(id)
    except ValueError:
        raise Invalid(f"{text[:100]!r} is not kind/id, as conversation/0190…") from None
