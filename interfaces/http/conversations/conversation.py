"""Interactions and conversations: read, explained, closed."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from application.audit.explain_call import explain_call
from application.audit.explain_interaction import explain_interaction, interaction_events
from application.audit.explanation import Explanation
from application.base.shown_event import EventOut, shown_event
from application.conversations.conversation import CloseConversation, close_conversation
from application.ports import Located
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.moments import moments_of
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.presence import LONGEST_WAIT
from interfaces.http.base.version import named, tag
from interfaces.http.conversations.interaction import Interaction, from_events
from interfaces.http.conversations.message import Customer
from projections.transcript import (
    ConversationRow,
    InteractionRow,
    Transcript,
    get_interaction,
    interactions_of,
    list_conversations,
)

Channel = Annotated[str | None, QueryParameter(max_length=32, pattern=r"^[a-z][a-z0-9_-]*$(?!\n)")]


class ConversationOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    channel: str
    status: Literal["open", "closed"]
    started_at: datetime
    last_at: datetime
    messages: int
    answers: int


class ConversationDetail(msgspec.Struct, frozen=True, kw_only=True):
    """With the newest 200 interactions, in order."""

    id: UUID
    status: Literal["open", "closed"]
    started_at: datetime
    last_at: datetime
    version: int
    customer: Customer
    interactions: tuple[Interaction, ...]


class CloseIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=500)] | None = None


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    status: Literal["closed"] = "closed"


@get("/v1/interactions/{interaction:uuid}", scope="conversations:read")
async def read_interaction(
    interaction: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    wait: Annotated[
        float, QueryParameter(ge=0, le=LONGEST_WAIT, description="Seconds to wait until it is answered.")
    ] = 0,
    at_least: AtLeast = None,
) -> Interaction:
    """An interaction: pending, answered or failed (it is tried again)."""
    row = await _located(interaction, services, principal.tenant, at_least)
    until = time.monotonic() + wait
    async with (
        access_control.waiting(request),
        aclosing(moments_of(services, principal.tenant)) as moments,
    ):
        await anext(moments)
        while True:
            place = Located(row.conversation, row.first_version)
            events = await interaction_events(principal.tenant, place, interaction, store=services.store)
            if not events:
                raise NotFound("this interaction was erased")
            shown, left = from_events(events), until - time.monotonic()
            if shown.status == "answered" or left <= 0 or services.stopping.is_set():
                return shown
            try:
                async with asyncio.timeout(left):
                    await anext(moments)
            except TimeoutError:
                until = 0.0  # one last look


@get("/v1/interactions/{interaction:uuid}/why", scope="conversations:read")
async def why(
    interaction: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> Explanation:
    """Everything that led to the answer of an interaction, or of a call of the completions API, from events alone."""
    call = await explain_call(principal.tenant, interaction, store=services.store)
    if call is not None:
        return call
    await _located(interaction, services, principal.tenant, at_least)
    return await explain_interaction(
        principal.tenant, interaction, store=services.store, locator=services.locator
    )


@get("/v1/conversations", scope="conversations:read")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    status: FromQuery[Literal["open", "closed"] | None] = None,
    channel: Channel = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[ConversationOut]:
    """Conversations, the one with the newest message first."""
    pager = Pager(services, principal.tenant, Place, "conversations", status, channel)
    before = await pager.place(cursor)
    async with services.reads.at(principal.tenant, Transcript(), at_least) as sql:
        rows = await list_conversations(
            sql, principal.tenant, status=status, channel=channel, before=before, limit=limit + 1
        )
    return await pager.page(rows, limit, _shown, lambda row: Place(row.last_at, row.conversation))


@get("/v1/conversations/{conversation:uuid}", scope="conversations:read")
async def read_conversation(
    conversation: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> Response[ConversationDetail]:
    """A conversation with its newest 200 interactions, in order."""
    found = await services.store.load(Conversation, conversation, tenant=principal.tenant)
    async with services.reads.at(principal.tenant, Transcript(), at_least) as sql:
        rows = await interactions_of(sql, principal.tenant, conversation)
    by_interaction: dict[UUID, list[Recorded]] = {row.interaction: [] for row in rows}
    if rows:
        after = rows[0].first_version - 1
        async for recorded in services.store.stream(principal.tenant, conversation, after=after):
            by_interaction.get(getattr(recorded.event, "interaction", conversation), []).append(recorded)
    state = found.state
    shown = ConversationDetail(
        id=conversation,
        status="open" if state.open else "closed",
        started_at=found.created_on,
        last_at=found.modified_on,
        version=found.version,
        customer=Customer(channel=state.channel, address=state.address, name=state.name),
        interactions=tuple(from_events(events) for events in by_interaction.values() if events),
    )
    return Response(shown, headers=tag(found.version))


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


@post(
    "/v1/conversations/{conversation:uuid}/close",
    status_code=200,
    scope="conversations:write",
    versioned=named("conversation"),
)
async def close(
    conversation: FromPath[UUID],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    data: JSONBody[CloseIn | None] = None,
) -> Response[Closed]:
    """Close a conversation; the customer's next message opens it again."""
    command = CloseConversation(conversation=conversation, reason=data.reason if data else None)
    position = await close_conversation(command, context, store=services.store, clock=services.clock)
    return Response(Closed(id=conversation), headers=await written(services, context.tenant, position))


async def _located(
    interaction: UUID, services: Services, tenant: UUID, at_least: int | None
) -> InteractionRow:
    row = await services.reads.find(
        tenant, Transcript(), lambda sql: get_interaction(sql, tenant, interaction), at_least
    )
    if row is None:
        raise NotFound(f"there is no interaction {interaction} in this tenant")
    return row


def _shown(row: ConversationRow) -> ConversationOut:
    return ConversationOut(
        id=row.conversation,
        channel=row.channel,
        status=row.status,
        started_at=row.started_at,
        last_at=row.last_at,
        messages=row.messages,
        answers=row.answers,
    )


ROUTER = Router(
    "/",
    route_handlers=[read_interaction, why, list_all, read_conversation, read_events, close],
    tags=["conversations"],
)
