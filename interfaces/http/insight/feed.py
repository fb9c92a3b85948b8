"""Views live: which of their rows have changed, as server-sent events."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.ports import Fault
from application.tenancy.authentication import Principal
from domain.base.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.base import following
from interfaces.http.base.following import HEARTBEAT, POLL, FollowedAfter, LastEventId, beginning
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.moments import moments_of
from interfaces.http.base.stream import EVENTS, GuardedStream
from interfaces.http.insight.export import BY_NAME, pages, position_of
from interfaces.http.insight.export_forms import object_of
from projections.views import VIEWS, View
from projections.views.reading import Part, changed_streams, forgotten_streams

log = logging.getLogger("retrace.http")

STREAMS = 1000
"""Streams that were erased, of which one question tells."""

Named = Annotated[
    str | None,
    QueryParameter(max_length=2000, description="Views, parted by commas; without it all of them."),
]


@get("/v1/analytics/feed", scope="analytics:view", media_type=EVENTS)
async def feed(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    views: Named = None,
    after: FollowedAfter = None,
    last_event_id: LastEventId = None,
) -> GuardedStream:
    """Rows of the views as they change. `event` is the view, `data` the row; `changed` names a view whose rows follow from many streams, `forgotten` what was
    erased. `position` ends a batch, and its `id` is where a client that comes back goes on: a row may come twice, none is missing.

    Ends after an hour, or with the event `error`, a problem, when the key may follow no more.
    """
    wanted = _wanted(views)
    start = await beginning(services, principal.tenant, after, last_event_id)
    access = access_control.enter(request)
    return GuardedStream(_fed(services, principal.tenant, wanted, start), access)


async def _fed(
    services: Services, tenant: UUID, views: Sequence[View], after: int
) -> AsyncGenerator[bytes, None]:
    """Ends where the views can't be read; the client comes back."""
    began = spoke = time.monotonic()
    yield b"retry: 2000\nid: %d\n\n" % after
    try:
        async with aclosing(moments_of(services, tenant, POLL)) as moments:
            async for _ in moments:
                if await services.reads.head(tenant) < after:
                    return  # the log was restored meanwhile; whoever comes back with the position is told
                position = await position_of(list(views), tenant, services)
                if position > after:
                    async for part in _changes(services, tenant, views, after, position):
                        yield part
                    after, spoke = position, time.monotonic()
                    yield b'id: %d\nevent: position\ndata: {"position":%d}\n\n' % (after, after)
                now = time.monotonic()
                if services.stopping.is_set() or now - began > following.LONGEST:
                    return
                if now - spoke > HEARTBEAT:
                    yield f": {after}\nid: {after}\n\n".encode()
                    spoke = now
    except Fault as error:
        log.warning("a follower of the views is let go: %s", type(error).__name__)


async def _changes(
    services: Services, tenant: UUID, views: Sequence[View], after: int, until: int
) -> AsyncGenerator[bytes, None]:
    """What has changed behind position `after`, up to `until`, as it is now."""
    for view in views:
        if view.stream is None:
            async with services.reads.at(tenant, view.projection()) as sql:
                some = await changed_streams(sql, view, tenant, since=after, until=until, after=None, limit=1)
            if some:
                yield _sent("changed", msgspec.json.encode({"view": view.name}))
            continue
        names = [column.name for column in view.columns]
        async for rows, _ in pages(view, tenant, services, Part(), since=after, until=until):
            yield b"".join(_sent(view.name, object_of(row, names)) for row in rows)
    last: UUID | None = None
    while True:
        async with services.reads.at(tenant, views[0].projection()) as sql:
            gone = await forgotten_streams(sql, tenant, since=after, until=until, after=last, limit=STREAMS)
        yield b"".join(_sent("forgotten", msgspec.json.encode({"id": stream})) for stream in gone)
        if len(gone) < STREAMS:
            return
        last = gone[-1]


def _sent(event: str, data: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (event.encode(), data)


def _wanted(names: str | None) -> Sequence[View]:
    """Raises Invalid."""
    if names is None:
        return VIEWS
    asked = dict.fromkeys(name.strip() for name in names.split(","))
    if unknown := [name for name in asked if name not in BY_NAME]:
        raise Invalid(f"there is no view {unknown[0][:63]!r}; GET /v1/analytics/views lists them")
    return [BY_NAME[name] for name in asked]


ROUTER = Router("/", route_handlers=[feed], tags=["analytics"])
