"""The log itself, for auditors."""

from __future__ import annotations

from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.tenant import Principal
from domain.agent import Agent
from domain.base import events_of
from domain.conversation import Conversation
from domain.document import Document
from domain.errors import Invalid
from domain.tenant import Tenant
from interfaces.bootstrap import Services
from interfaces.http.event import EventOut, shown_event
from interfaces.http.pages import Cursor, Limit, Page, Pager

KINDS = frozenset(topic for kind in (Agent, Conversation, Document, Tenant) for topic in events_of(kind))


@get("/v1/audit/events", scope="audit:read")
async def read(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    kind: Annotated[
        str | None, QueryParameter(max_length=100, description="A topic, as conversation.answered.")
    ] = None,
    after: Annotated[int, QueryParameter(ge=0, le=2**62, description="The position before the first.")] = 0,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[EventOut]:
    """The tenant's events in order of position."""
    if kind is not None and kind not in KINDS:
        raise Invalid(f"there is no kind of event {kind!r}; known are {', '.join(sorted(KINDS))}")
    pager = Pager(services, principal.tenant, int, "events", kind)
    start = await pager.place(cursor) or after
    topics = (kind,) if kind else ()
    events = services.store.events(principal.tenant, after=start, limit=limit + 1, topics=topics)
    rows = [recorded async for recorded in events]
    return await pager.page(rows, limit, shown_event, lambda recorded: recorded.position)


ROUTER = Router("/", route_handlers=[read], tags=["audit"])
