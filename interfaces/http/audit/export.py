"""The log as lines of JSON, of any length."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Literal

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from application.audit.reading import EventQuery, LogRead
from application.base.shown_event import shown_event
from domain.base.context import Context
from domain.base.errors import Ahead
from domain.base.plain_digits import to_json
from interfaces.bootstrap import Services
from interfaces.http.audit.cloudevent import cloud_event
from interfaces.http.audit.events import Actor, After, Correlation, Kind, Since, Stream, Until
from interfaces.http.audit.long_read import LongRead
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.stream import GuardedStream

LINES = "application/x-ndjson"


@get("/v1/audit/export", scope="audit:read", media_type=LINES)
async def export(
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    format: FromQuery[Literal["jsonl", "cloudevents"]] = "jsonl",
    stream: Stream = None,
    kind: Kind = None,
    actor: Actor = None,
    since: Since = None,
    until: Until = None,
    correlation: Correlation = None,
    after: After = 0,
) -> GuardedStream:
    """The tenant's events that fit all filters, up to the present end of the log, one JSON object a line.

    `cloudevents`: each as a CloudEvent 1.0. Put on record when it begins (`audit.read`) and when it ends. An answer that was cut
    off, as when the key may read no more, has no last chunk, which every client tells as an error.
    """
    query = EventQuery(
        stream=stream, kind=kind, actor=actor, since=since, until=until, correlation=correlation
    )
    wanted = query.wanted()
    end = await services.reads.head(context.tenant)
    if after > end:
        raise Ahead(after, end)
    reading = LogRead(route="GET /v1/audit/export", filters={"format": format, **query.filters()})
    shown = cloud_event if format == "cloudevents" else shown_event

    access = access_control.enter(request)
    record = await LongRead.begin(reading, request, context, services)

    async def lines() -> AsyncGenerator[bytes, None]:
        async with record:
            async for found in services.store.find(context.tenant, wanted, after=after, until=end):
                reading.given(found.events)
                if found.events:
                    yield b"".join(to_json(shown(each)) + b"\n" for each in found.events)

    headers = {"Content-Disposition": 'attachment; filename="events.jsonl"'}
    return GuardedStream(lines(), access, last_word=None, media_type=LINES, headers=headers)


ROUTER = Router("/", route_handlers=[export], tags=["audit"])
