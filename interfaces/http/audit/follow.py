"""The log live, for auditors. Each of them is put on record."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from litestar import Request, Router, get
from litestar.di import NamedDependency

from application.audit.reading import EventQuery, LogRead
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.audit.events import Actor, Correlation, Kind, Since, Stream, Until
from interfaces.http.audit.long_read import LongRead
from interfaces.http.base.following import FollowedAfter, LastEventId, beginning, followed
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.stream import EVENTS, GuardedStream


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
    after: FollowedAfter = None,
    last_event_id: LastEventId = None,
) -> GuardedStream:
    """The tenant's events that fit all filters, as they come: `id` is the position, `event` the kind, `data` the event.

    Ends after an hour, or with the event `error`, a problem, when the key may follow no more. Put on record when it begins (`audit.read`) and when it ends.
    """
    query = EventQuery(
        stream=stream, kind=kind, actor=actor, since=since, until=until, correlation=correlation
    )
    wanted = query.wanted()
    start = await beginning(services, context.tenant, after, last_event_id)
    reading = LogRead(route="GET /v1/audit/events/stream", filters=query.filters())

    access = access_control.enter(request)
    record = await LongRead.begin(reading, request, context, services)

    async def parts() -> AsyncGenerator[bytes, None]:
        async with (
            record,
            aclosing(followed(services, context.tenant, wanted, start, reading.given)) as events,
        ):
            async for part in events:
                yield part

    return GuardedStream(parts(), access)


ROUTER = Router("/", route_handlers=[follow], tags=["audit"])
