"""The log live, as server-sent events."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter

from application.audit.reading import EventQuery, LogRead
from application.base.shown_event import shown_event
from application.ports import Fault, Wanted
from domain.base.context import Context
from domain.base.errors import Ahead
from domain.base.recorded import Recorded
from interfaces.bootstrap import Services
from interfaces.http.audit.events import Actor, Correlation, Kind, Since, Stream, Until
from interfaces.http.audit.long_read import LongRead
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.moments import moments_of
from interfaces.http.base.stream import EVENTS, GuardedStream

log = logging.getLogger("retrace.http")

POLL = 1.0
"""Seconds after which it looks for itself, where no hint comes."""

HEARTBEAT = 15.0
"""Seconds between signs of life."""

LONGEST = 3600.0
"""Seconds; a client then comes back by itself, with Last-Event-ID, to whichever process is there."""


@get("/v1/audit/events/stream", scope="audit:read", media_type=EVENTS)
async def follow(
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    stream: Stream = None,
    kind: Kind = None,
    actor: Actor = None,
    since: Since = None,
    until: Until = None,
    correlation: Correlation = None,
    after: Annotated[
        int | None,
        QueryParameter(
            ge=0, le=2**62, description="The position before the first; without one, what comes from now on."
        ),
    ] = None,
    last_event_id: Annotated[
        int | None,
        HeaderParameter(
            name="Last-Event-ID", ge=0, le=2**62, description="As a browser sends it. Goes before `after`."
        ),
    ] = None,
) -> GuardedStream:
    """The tenant's events that fit all filters, as they come: `id` is the position, `event` the kind, `data` the event.

    Ends after an hour, or with the event `error`, a problem, when the key may follow no more. Put on record when it begins (`audit.read`) and when it ends.
    """
    query = EventQuery(
        stream=stream, kind=kind, actor=actor, since=since, until=until, correlation=correlation
    )
    wanted = query.wanted()
    start = after if last_event_id is None else last_event_id
    end = await services.reads.head(context.tenant)
    if start is None:
        start = end
    if start > end:
        raise Ahead(start, end)
    reading = LogRead(route="GET /v1/audit/events/stream", filters=query.filters())

    access = access_control.enter(request)
    record = await LongRead.begin(reading, request, context, services)

    async def parts() -> AsyncGenerator[bytes, None]:
        async with record, aclosing(_followed(services, context.tenant, wanted, start, reading)) as followed:
            try:
                async for part in followed:
                    yield part
            except Fault as error:  # the client comes back by itself, with Last-Event-ID
                log.warning("a follower of the log is let go: %s", type(error).__name__)

    return GuardedStream(parts(), access)


async def _followed(
    services: Services, tenant: UUID, wanted: Wanted, after: int, reading: LogRead
) -> AsyncGenerator[bytes, None]:
    began = spoke = time.monotonic()
    # The id of no event: whoever is cut before the first one goes on from here, not from what is "now" then.
    yield b"retry: 2000\nid: %d\n\n" % after
    async with aclosing(moments_of(services, tenant, POLL)) as moments:
        async for _ in moments:
            if (end := await services.reads.head(tenant)) < after:
                return  # the log was restored meanwhile; whoever comes back with the position is told
            if end > after:
                async for found in services.store.find(tenant, wanted, after=after, until=end):
                    reading.given(found.events)
                    after = found.reached
                    if found.events:
                        yield b"".join(_sent(recorded) for recorded in found.events)
                        spoke = time.monotonic()
            now = time.monotonic()
            if services.stopping.is_set() or now - began > LONGEST:
                return
            if now - spoke > HEARTBEAT:
                yield f": {after}\nid: {after}\n\n".encode()  # no event, but a client that comes back goes on from here
                spoke = now


def _sent(recorded: Recorded) -> bytes:
    data = msgspec.json.encode(shown_event(recorded))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (recorded.position, recorded.topic.encode(), data)


ROUTER = Router("/", route_handlers=[follow], tags=["audit"])
