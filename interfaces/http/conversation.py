"""Messages, interactions, conversations."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.params import Parameter
from msgspec import Meta

from application.context import Context
from application.conversation import (
    Answer,
    AnswerGiven,
    CloseConversation,
    Received,
    ReceiveMessage,
    answer,
    close_conversation,
    receive_message,
)
from application.explanation import Explanation, explain, interaction_events
from application.ports import Located, Unavailable
from application.tenant import Principal
from domain.completion import Citation, Usage
from domain.conversation import LONGEST_MESSAGE, Conversation
from domain.errors import NotFound
from domain.recorded import Recorded
from interfaces.bootstrap import Services
from interfaces.http.pages import Cursor, Limit, Page, page, parsed
from interfaces.http.reading import AtLeast, reading, written
from projections.transcript import (
    ConversationRow,
    Transcript,
    get_interaction,
    interactions_of,
    list_conversations,
)

BURST = 100
"""Versions before a message within which the rest of its burst is looked for."""


class Customer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    channel: Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[a-z][a-z0-9_-]*$")]
    address: Annotated[str, Meta(min_length=1, max_length=256)]
    name: Annotated[str, Meta(max_length=200)] | None = None


class MessageIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`wait`: seconds that the request waits for the answer; 0 answers 202 at once."""

    customer: Customer
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_MESSAGE)]
    message_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    wait: Annotated[float, Meta(ge=0, le=60)] = 30


class Interaction(msgspec.Struct, frozen=True, kw_only=True):
    """`answer` is what the customer is sent: the disclosure, where it is due, and the text. Cost in USD."""

    id: UUID
    conversation: UUID
    status: Literal["pending", "answered", "failed"]
    messages: tuple[str, ...] = ()
    answer: str | None = None
    text: str | None = None
    disclosure: str | None = None
    citations: tuple[Citation, ...] = ()
    confidence: float | None = None
    handoff: str | None = None
    provider: str | None = None
    model: str | None = None
    usage: Usage | None = None
    cost: Decimal | None = None
    cached: bool = False
    latency_ms: float | None = None
    received_at: datetime | None = None
    answered_at: datetime | None = None


class ConversationOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    channel: str
    status: str
    started_at: datetime
    last_at: datetime
    messages: int
    answers: int


class ConversationDetail(ConversationOut, frozen=True, kw_only=True):
    customer: Customer
    interactions: tuple[Interaction, ...]


class EventOut(msgspec.Struct, frozen=True, kw_only=True):
    position: int
    version: int
    kind: str
    recorded_at: datetime
    actor: str
    correlation: UUID
    causation: UUID | None
    hash: str
    data: Any


class CloseIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=500)] | None = None


@post("/v1/messages", status_code=200)
async def post_message(
    data: MessageIn,
    services: Services,
    principal: Principal,
    context: Context,
    idempotency_key: Annotated[str | None, Parameter(header="Idempotency-Key", max_length=200)] = None,
) -> Response[Interaction]:
    """Send a customer's message; get the answer (200), or the id of the interaction that will answer it (202)."""
    principal.require("conversations:write")
    command = ReceiveMessage(
        channel=data.customer.channel,
        address=data.customer.address,
        name=data.customer.name,
        text=data.text,
        message_id=data.message_id,
        inbox=f"idempotency:{idempotency_key}" if idempotency_key and not data.message_id else None,
        wait=data.wait > 0,
    )
    received = await receive_message(
        command,
        context,
        store=services.store,
        keyring=services.keyring,
        clock=services.clock,
        ids=services.ids,
    )
    if data.wait:
        shown = await _answered(received, context, services, data.wait)
        if shown is not None:
            return Response(shown[0], headers=written(shown[1]))
    pending = Interaction(id=received.interaction, conversation=received.conversation, status="pending")
    headers = {"Location": f"/v1/interactions/{received.interaction}", **written(received.position)}
    return Response(pending, status_code=202, headers=headers)


@get("/v1/interactions/{interaction:uuid}")
async def read_interaction(
    interaction: UUID, services: Services, principal: Principal, at_least: AtLeast = None
) -> Interaction:
    """An interaction, pending or answered."""
    principal.require("conversations:read")
    async with reading(services, principal.tenant, Transcript(), at_least) as sql:
        row = await get_interaction(sql, principal.tenant, interaction)
    if row is None:
        raise NotFound(f"there is no interaction {interaction} in this tenant")
    place = Located(row.conversation, row.first_version)
    return _from_events(await interaction_events(principal.tenant, place, interaction, store=services.store))


@get("/v1/interactions/{interaction:uuid}/why")
async def why(
    interaction: UUID, services: Services, principal: Principal, at_least: AtLeast = None
) -> Explanation:
    """Everything that led to an answer, from events alone."""
    principal.require("conversations:read")
    async with reading(services, principal.tenant, Transcript(), at_least):
        pass
    return await explain(principal.tenant, interaction, store=services.store, locator=services.locator)


@get("/v1/conversations")
async def list_all(
    services: Services,
    principal: Principal,
    status: Literal["open", "closed"] | None = None,
    channel: Annotated[str | None, Parameter(max_length=32)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[ConversationOut]:
    """Conversations, the one with the newest message first."""
    principal.require("conversations:read")
    before = parsed(cursor)
    async with reading(services, principal.tenant, Transcript(), at_least) as sql:
        rows = await list_conversations(
            sql, principal.tenant, status=status, channel=channel, before=before, limit=limit + 1
        )
    return page(rows, limit, _shown, lambda row: (row.last_at, row.conversation))


@get("/v1/conversations/{conversation:uuid}")
async def read_conversation(
    conversation: UUID, services: Services, principal: Principal, at_least: AtLeast = None
) -> ConversationDetail:
    """A conversation with its newest 200 interactions, in order."""
    principal.require("conversations:read")
    found = await services.store.load(Conversation, conversation, tenant=principal.tenant)
    async with reading(services, principal.tenant, Transcript(), at_least) as sql:
        rows = await interactions_of(sql, principal.tenant, conversation)
    by_interaction: dict[UUID, list[Recorded]] = {row.interaction: [] for row in rows}
    after = rows[0].first_version - 1 if rows else 0
    async for recorded in services.store.stream(principal.tenant, conversation, after=after):
        by_interaction.get(getattr(recorded.event, "interaction", conversation), []).append(recorded)
    state = found.state
    return ConversationDetail(
        id=conversation,
        channel=state.channel,
        status="open" if state.open else "closed",
        started_at=found.created_on,
        last_at=found.modified_on,
        messages=sum(row.messages for row in rows),
        answers=sum(row.status == "answered" for row in rows),
        customer=Customer(channel=state.channel, address=state.address, name=state.name),
        interactions=tuple(_from_events(events) for events in by_interaction.values() if events),
    )


@get("/v1/conversations/{conversation:uuid}/events")
async def read_events(
    conversation: UUID,
    services: Services,
    principal: Principal,
    after: Annotated[int, Parameter(ge=0, le=2**31 - 1)] = 0,
    limit: Limit = 100,
) -> dict[str, Any]:
    """The events of a conversation from version `after` + 1 on."""
    principal.require("conversations:read")
    await services.store.load(Conversation, conversation, tenant=principal.tenant)
    events = services.store.stream(principal.tenant, conversation, after=after, limit=limit + 1)
    found = [recorded async for recorded in events]
    more = len(found) > limit
    return {
        "items": [shown_event(r) for r in found[:limit]],
        "next_cursor": str(found[limit - 1].version) if more else None,
    }


@post("/v1/conversations/{conversation:uuid}/close", status_code=200)
async def close(
    conversation: UUID,
    services: Services,
    principal: Principal,
    context: Context,
    data: CloseIn | None = None,
) -> Response[dict[str, str]]:
    """Close a conversation; the customer's next message opens it again."""
    principal.require("conversations:write")
    command = CloseConversation(conversation=conversation, reason=data.reason if data else None)
    position = await close_conversation(command, context, store=services.store, clock=services.clock)
    return Response({"id": str(conversation), "status": "closed"}, headers=written(position))


async def _answered(
    received: Received, context: Context, services: Services, wait: float
) -> tuple[Interaction, int] | None:
    """The answer, given here or by whoever was quicker; None when it is not there in time."""
    task = asyncio.create_task(
        answer(
            Answer(conversation=received.conversation),
            context,
            store=services.store,
            embedder=services.embedder,
            vectors=services.vectors,
            completers=services.completers,
            prices=services.prices,
            clock=services.clock,
        )
    )
    services.background.add(task)
    task.add_done_callback(services.background.discard)
    try:
        given = await asyncio.wait_for(asyncio.shield(task), wait)
    except (TimeoutError, Unavailable):
        return None  # the work row is the safety net
    if given is not None and given.event.interaction == received.interaction:
        return _from_answer(given), given.position
    place = Located(received.conversation, max(1, received.version - BURST))
    events = await interaction_events(context.tenant, place, received.interaction, store=services.store)
    shown = _from_events(events) if events else None
    return (shown, events[-1].position) if shown is not None and shown.status == "answered" else None


def _from_answer(given: AnswerGiven) -> Interaction:
    texts = tuple(message.text for message in given.messages)
    return _interaction(given.conversation, texts, given.disclosure, given.received_at, given.event)


def _from_events(events: list[Recorded]) -> Interaction:
    texts = tuple(e.event.text for e in events if isinstance(e.event, Conversation.MessageReceived))
    disclosure = next((e.event.text for e in events if isinstance(e.event, Conversation.Disclosed)), None)
    answered = next((e.event for e in events if isinstance(e.event, Conversation.Answered)), None)
    if answered is not None:
        return _interaction(events[0].stream, texts, disclosure, events[0].recorded_at, answered)
    failed = any(isinstance(e.event, Conversation.AnswerFailed) for e in events)
    return Interaction(
        id=getattr(events[0].event, "interaction", events[0].stream),
        conversation=events[0].stream,
        status="failed" if failed else "pending",
        messages=texts,
        received_at=events[0].recorded_at,
    )


def _interaction(
    conversation: UUID,
    texts: tuple[str, ...],
    disclosure: str | None,
    received_at: datetime,
    event: Conversation.Answered,
) -> Interaction:
    last = event.attempts[-1]
    return Interaction(
        id=event.interaction,
        conversation=conversation,
        status="answered",
        messages=texts,
        answer=event.text if disclosure is None else f"{disclosure}\n\n{event.text}",
        text=event.text,
        disclosure=disclosure,
        citations=event.citations,
        confidence=event.confidence,
        handoff=event.handoff,
        provider=last.provider,
        model=last.served or last.model,
        usage=last.usage,
        cost=event.cost,
        cached=event.cached,
        latency_ms=event.latency_ms,
        received_at=received_at,
        answered_at=event.timestamp,
    )


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


def shown_event(recorded: Recorded) -> EventOut:
    """An event with its context; `data` is null once it was erased."""
    data = None
    if recorded.event is not None:
        columns = ("originator_id", "originator_version", "timestamp")
        facts = msgspec.to_builtins(recorded.event, builtin_types=(bytes,))
        data = {name: _plain(value) for name, value in facts.items() if name not in columns}
    return EventOut(
        position=recorded.position,
        version=recorded.version,
        kind=recorded.topic,
        recorded_at=recorded.recorded_at,
        actor=recorded.actor,
        correlation=recorded.correlation,
        causation=recorded.causation,
        hash=recorded.hash.hex(),
        data=data,
    )


def _plain(value: Any) -> Any:
    return "(not shown)" if isinstance(value, bytes) else value


ROUTER = Router(
    "/",
    route_handlers=[
        post_message,
        read_interaction,
        why,
        list_all,
        read_conversation,
        read_events,
        close,
    ],
    tags=["conversations"],
)
