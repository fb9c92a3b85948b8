"""Conversations: listed, read, closed and opened again."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from application.conversations.closing import (
    CloseConversation,
    ReopenConversation,
    close_conversation,
    reopen_conversation,
)
from application.conversations.handoff import operator_id
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.recorded import Recorded
from domain.base.times import in_utc
from domain.conversations.conversation import Conversation
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from interfaces.http.conversations.conversation_forms import (
    Channel,
    ClaimedBy,
    Closed,
    CloseIn,
    ConversationDetail,
    ConversationOut,
    HandedOver,
    Reopened,
    Since,
    Until,
    Waiting,
    operator_of,
    shown_conversation,
)
from interfaces.http.conversations.delivered import shown_with_delivery
from interfaces.http.conversations.message import Customer
from interfaces.http.conversations.rated import with_ratings
from interfaces.http.conversations.turns import TurnOut, handoff_out, turns_in
from projections.conversations import list_conversations
from projections.interactions import interactions_of
from projections.transcript import Transcript, interactions_in


@get("/v1/conversations", scope="conversations:read")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    status: FromQuery[Literal["open", "closed"] | None] = None,
    channel: Channel = None,
    handed_over: HandedOver = None,
    waiting: Waiting = None,
    claimed_by: ClaimedBy = None,
    since: Since = None,
    until: Until = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[ConversationOut]:
    """Conversations that fit all filters, the one in which something happened last first."""
    tenant = principal.tenant
    filters = (status, channel, handed_over, waiting, claimed_by, since, until)
    pager = Pager(services, tenant, Place, "conversations", *filters)
    before = await pager.place(cursor)
    operator = None if claimed_by is None else await operator_id(tenant, claimed_by, keyring=services.keyring)
    async with services.reads.at(tenant, Transcript(), at_least) as sql:
        rows = await list_conversations(
            sql,
            tenant,
            status=status,
            channel=channel,
            handed_over=handed_over,
            waiting=waiting,
            operator=operator,
            since=in_utc("since", since),
            until=in_utc("until", until),
            before=before,
            limit=limit + 1,
        )
    claims = [row.claimed_at for row in rows if row.claimed_at is not None]
    names = {
        position: operator_of(claim)
        for position, claim in (await services.store.several(tenant, claims)).items()
    }
    return await pager.page(
        rows,
        limit,
        lambda row: shown_conversation(row, names),
        lambda row: Place(row.last_at, row.conversation),
    )


@get("/v1/conversations/{conversation:uuid}", scope="conversations:read")
async def read_conversation(
    conversation: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> Response[ConversationDetail]:
    """A conversation with its newest 200 interactions, in order, each with its rating."""
    shown = await detail_of(conversation, services, principal.tenant, at_least)
    return Response(shown, headers=tag(shown.version))


async def detail_of(
    conversation: UUID, services: Services, tenant: UUID, at_least: int | None, newest: int = 200
) -> ConversationDetail:
    """With its `newest` interactions, in order, each with its rating. Raises NotFound."""
    found = await services.store.load(Conversation, conversation, tenant=tenant)
    async with services.reads.at(tenant, Transcript(), at_least) as sql:
        rows = await interactions_of(sql, tenant, conversation, newest)
    by_interaction: dict[UUID, list[Recorded]] = {row.interaction: [] for row in rows}
    turns: list[TurnOut] = []
    after = rows[0].first_version - 1 if rows else 0
    async for recorded in services.store.stream(tenant, conversation, after=after):
        turns += turns_in(recorded)
        for interaction in interactions_in(recorded.event):
            by_interaction.get(interaction, []).append(recorded)
    state, groups = found.state, [events for events in by_interaction.values() if events]
    interactions = await shown_with_delivery(groups, services, tenant, at_least)
    interactions = await with_ratings(interactions, services, tenant, at_least)
    return ConversationDetail(
        id=conversation,
        status="open" if state.open else "closed",
        started_at=found.created_on,
        last_at=found.modified_on,
        version=found.version,
        customer=Customer(channel=state.channel, address=state.address, name=state.name),
        handoff=handoff_out(state.handoff),
        interactions=tuple(interactions),
        turns=tuple(turns),
    )


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


@post(
    "/v1/conversations/{conversation:uuid}/reopen",
    status_code=200,
    scope="conversations:write",
    versioned=named("conversation"),
)
async def reopen(
    conversation: FromPath[UUID],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Reopened]:
    """Open a closed conversation again, without a message of the customer's."""
    command = ReopenConversation(conversation=conversation)
    position = await reopen_conversation(command, context, store=services.store, clock=services.clock)
    return Response(Reopened(id=conversation), headers=await written(services, context.tenant, position))


ROUTER = Router(
    "/",
    route_handlers=[list_all, read_conversation, close, reopen],
    tags=["conversations"],
)
