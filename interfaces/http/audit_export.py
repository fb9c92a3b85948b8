"""The log as lines of JSON, of any length."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Stream as Streamed

from application.audit import EventQuery, LogRead
from application.context import Context
from domain.errors import Ahead
from interfaces.bootstrap import Services
from interfaces.http.audit_events import Actor, After, Correlation, Kind, Since, Stream, Until
from interfaces.http.cloudevent import cloud_event
from interfaces.http.event import shown_event
from interfaces.http.long_read import LongRead

LINES = "application/x-ndjson"


@get("/v1/audit/export", scope="audit:read", media_type=LINES)
async def export(
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    format: FromQuery[Literal["jsonl", "cloudevents"]] = "jsonl",
    stream: Stream = None,
    kind: Kind = None,
    actor: Actor = None,
    since: Since = None,
    until: Until = None,
    correlation: Correlation = None,
    after: After = 0,
) -> Streamed:
    """The tenant's events that fit all filters, up to the present end of the log, one JSON object a line.

    `cloudevents`: each as a CloudEvent 1.0. Put on record when it begins (`audit.read`) and when it ends. An answer that was cut
    off has no last chunk, which every client tells as an error.
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

    record = await LongRead.begin(reading, context, services)

    async def lines() -> AsyncIterator[bytes]:
        async with record:
            async for found in services.store.find(context.tenant, wanted, after=after, until=end):
                reading.given(found.events)
                if found.events:
                    yield b"".join(msgspec.json.encode(shown(each)) + b"\n" for each in found.events)

    headers = {"Content-Disposition": 'attachment; filename="events.jsonl"', "Cache-Control": "no-store"}
    return Streamed(lines(), media_type=LINES, headers=headers)


ROUTER = Router("/", route_handlers=[export], tags=["audit"])
