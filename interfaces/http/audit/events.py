"""The log itself, for auditors: which events there are, filtered. Each read is recorded."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NamedTuple
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.audit.reading import EventQuery, LogRead, latest_events, read_events, record_read
from application.base.shown_event import EventOut, shown_event
from domain.base.context import Context
from domain.base.errors import Ahead
from domain.base.patterns import VISIBLE
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager

Stream = Annotated[
    str | None, QueryParameter(max_length=100, description="Only this aggregate's, as conversation/0190….")
]
Kind = Annotated[str | None, QueryParameter(max_length=100, description="A topic, as conversation.answered.")]
Actor = Annotated[
    str | None,
    QueryParameter(
        max_length=200, pattern=VISIBLE, description="Who did it, as key:ID, customer, system:PART."
    ),
]
Since = Annotated[datetime | None, QueryParameter(description="Recorded at this time (RFC 3339) or later.")]
Until = Annotated[datetime | None, QueryParameter(description="Recorded at this time (RFC 3339) or before.")]
Correlation = Annotated[
    UUID | None, QueryParameter(description="The X-Request-ID of the request that began it all.")
]
Administrative = Annotated[
    bool,
    QueryParameter(
        description="Only what persons set, switch and let out: keys, operators, settings, releases."
    ),
]
BeforePosition = Annotated[
    int | None, QueryParameter(ge=1, le=2**62, description="The position after the newest.")
]
After = Annotated[int, QueryParameter(ge=0, le=2**62, description="The position before the first.")]


class Range(NamedTuple):
    """How far a list has come, and where it ends: at what was the log's end when it began, or else a list read item by item
    would go on for ever with the records of its own reading."""

    after: int
    until: int


@get("/v1/audit/events", scope="audit:read")
async def read(
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    stream: Stream = None,
    kind: Kind = None,
    actor: Actor = None,
    since: Since = None,
    until: Until = None,
    correlation: Correlation = None,
    after: After = 0,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[EventOut]:
    """The tenant's events that fit all filters, in order of position. This read itself becomes an event, `audit.read`.

    A page may have fewer items than `limit` although more follow: `next_cursor` tells.
    """
    query = EventQuery(
        stream=stream, kind=kind, actor=actor, since=since, until=until, correlation=correlation
    )
    query.wanted()
    pager = Pager(services, context.tenant, Range, "events", *query.filters().items())
    place = await pager.place(cursor) or Range(after, await services.reads.head(context.tenant))
    if place.after > place.until:
        raise Ahead(place.after, place.until)
    found = await read_events(
        query, context.tenant, after=place.after, until=place.until, limit=limit, store=services.store
    )
    reading = LogRead(route="GET /v1/audit/events", filters=query.filters())
    reading.given(found.events)
    await record_read(reading, context, store=services.store, clock=services.clock)
    more = found.reached < place.until
    next_cursor = await pager.cursor(Range(found.reached, place.until)) if more else None
    return Page([shown_event(recorded) for recorded in found.events], next_cursor)


class Before(NamedTuple):
    """Where a list that has the newest first goes on."""

    position: int


@get("/v1/audit/events/latest", scope="audit:read")
async def latest(
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    stream: Stream = None,
    kind: Kind = None,
    actor: Actor = None,
    since: Since = None,
    until: Until = None,
    correlation: Correlation = None,
    administrative: Administrative = False,
    before: BeforePosition = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[EventOut]:
    """The tenant's events that fit all filters, the newest first. This read itself becomes an event, `audit.read`.

    A page may have fewer items than `limit` although more follow: `next_cursor` tells.
    """
    query = EventQuery(
        stream=stream,
        kind=kind,
        actor=actor,
        since=since,
        until=until,
        correlation=correlation,
        administrative=administrative,
    )
    query.wanted()
    pager = Pager(services, context.tenant, Before, "latest", *query.filters().items())
    place = await pager.place(cursor) or Before(before or await services.reads.head(context.tenant) + 1)
    found = await latest_events(
        query, context.tenant, before=place.position, limit=limit, store=services.store
    )
    reading = LogRead(route="GET /v1/audit/events/latest", filters=query.filters())
    reading.given(found.events[::-1])
    await record_read(reading, context, store=services.store, clock=services.clock)
    next_cursor = await pager.cursor(Before(found.reached)) if found.reached > 1 else None
    return Page([shown_event(recorded) for recorded in found.events], next_cursor)


ROUTER = Router("/", route_handlers=[read, latest], tags=["audit"])
