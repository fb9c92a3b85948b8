"""The log itself, for auditors."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import Parameter

from application.tenant import Principal
from domain.base import aggregate_class
from domain.errors import Invalid
from interfaces.bootstrap import Services
from interfaces.http.conversation import EventOut, shown_event
from interfaces.http.pages import Limit


class EventsOut(msgspec.Struct, frozen=True):
    items: list[EventOut]
    next_cursor: str | None


@get("/v1/audit/events")
async def read(
    services: Services,
    principal: Principal,
    kind: Annotated[
        str | None, Parameter(max_length=100, description="a topic, as conversation.answered")
    ] = None,
    after: Annotated[int, Parameter(ge=0, le=2**62, description="the position before the first")] = 0,
    limit: Limit = 100,
) -> EventsOut:
    """The tenant's events in order of position."""
    principal.require("audit:read")
    if kind is not None and not _known(kind):
        raise Invalid(f"there is no kind of event {kind!r}")
    events = services.store.events(
        principal.tenant, after=after, limit=limit + 1, topics=(kind,) if kind else ()
    )
    found = [recorded async for recorded in events]
    more = len(found) > limit
    return EventsOut(
        [shown_event(r) for r in found[:limit]], str(found[limit - 1].position) if more else None
    )


def _known(kind: str) -> bool:
    from eventsourcing.utils import TopicError, resolve_topic

    try:
        resolve_topic(kind)
        aggregate_class(kind)
    except (TopicError, ValueError):
        return False
    return "." in kind


ROUTER = Router("/", route_handlers=[read], tags=["audit"])
