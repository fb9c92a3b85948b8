"""A conversation's events: listed, and live."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from application.base.shown_event import EventOut, shown_event
from application.ports import Wanted
from application.tenancy.authentication import Principal
from domain.base.aggregate import events_of
from domain.conversations.conversation import Conversation
from interfaces.bootstrap import Services
from interfaces.http.base.following import FollowedAfter, LastEventId, beginning, followed
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.stream import EVENTS, GuardedStream


@get("/v1/conversations/{conversation:uuid}/events", scope="conversations:read")
async def read_events(
    conversation: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    after: Annotated[
        int, QueryParameter(ge=0, le=2**31 - 1, description="The version before the first.")
    ] = 0,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[EventOut]:
    """The events of a conversation, in order."""
    await services.store.load(Conversation, conversation, tenant=principal.tenant)
    pager = Pager(services, principal.tenant, int, "conversation events", conversation)
    start = await pager.place(cursor) or after
    events = services.store.stream(principal.tenant, conversation, after=start, limit=limit + 1)
    rows = [recorded async for recorded in events]
    return await pager.page(rows, limit, shown_event, lambda recorded: recorded.version)


@get(
    "/v1/conversations/{conversation:uuid}/events/stream",
    scope="conversations:read",
    media_type=EVENTS,
)
async def follow_conversation(
    conversation: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    after: FollowedAfter = None,
    last_event_id: LastEventId = None,
) -> GuardedStream:
    """The events of a conversation as they come: `id` is the position, `event` the kind, `data` the event.

    Ends after an hour, or with the event `error`, a problem, when the key may follow no more.
    """
    await services.store.load(Conversation, conversation, tenant=principal.tenant)
    start = await beginning(services, principal.tenant, after, last_event_id)
    access = access_control.enter(request)
    wanted = Wanted(stream=conversation, topics=tuple(events_of(Conversation)))
    return GuardedStream(followed(services, principal.tenant, wanted, start), access)


ROUTER = Router("/", route_handlers=[read_events, follow_conversation], tags=["conversations"])
