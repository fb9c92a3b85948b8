"""Operators: claim a conversation, reply, give it back. Who they are, the caller says, and the log keeps."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody
from msgspec import Meta

from application.conversations.handoff import (
    ClaimConversation,
    ReleaseConversation,
    SendReply,
    claim_conversation,
    release_conversation,
    send_reply,
)
from domain.base.context import Context
from domain.base.patterns import PRINTABLE
from domain.conversations.conversation import Conversation
from domain.conversations.messages import LONGEST_MESSAGE
from domain.conversations.rich import Rich
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import caller_in
from interfaces.http.base.idempotency import KEY
from interfaces.http.base.position import written
from interfaces.http.base.version import named
from interfaces.http.conversations.turns import HandoffOut, handoff_out


class Operator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The person who acts. One with another name is somebody else."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=PRINTABLE)]


class ByOperator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    operator: Operator


class ReplyIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rich`: buttons, a list, a card or a file, beside the text or without one."""

    operator: Operator
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_MESSAGE)] | None = None
    rich: Rich | None = None


class HeldOut(msgspec.Struct, frozen=True, kw_only=True):
    """`handoff` null: the agent has it."""

    id: UUID
    handoff: HandoffOut | None


class ReplyOut(msgspec.Struct, frozen=True, kw_only=True):
    """`messages` of the customer's, of these `interactions`, were answered by it."""

    conversation: UUID
    version: int
    operator: str
    text: str
    interactions: tuple[UUID, ...]
    messages: tuple[str, ...]


@post(
    "/v1/conversations/{conversation:uuid}/claim",
    status_code=200,
    scope="conversations:write",
    versioned=named("conversation"),
)
async def claim(
    conversation: FromPath[UUID],
    data: JSONBody[ByOperator],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[HeldOut]:
    """Take a conversation: from now on the agent is silent, and the operator replies. Whoever comes second gets 409 with who has it."""
    command = ClaimConversation(conversation=conversation, operator=data.operator.name)
    found, position = await claim_conversation(
        command, context, store=services.store, keyring=services.keyring, clock=services.clock
    )
    return await _held(found, position, services, context)


@post(
    "/v1/conversations/{conversation:uuid}/reply",
    status_code=200,
    scope="conversations:write",
    versioned=named("conversation"),
)
async def reply(
    conversation: FromPath[UUID],
    data: JSONBody[ReplyIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    request: Request[Any, Any, Any],
    idempotency_key: Annotated[str | None, HeaderParameter(name=KEY, max_length=200)] = None,
) -> Response[ReplyOut]:
    """Answer the customer as the operator who has claimed the conversation; sent through its channel."""
    inbox = None
    if idempotency_key:  # guards the effect even where the kept response is gone
        name = (caller_in(request).line, idempotency_key, str(conversation))
        inbox = f"idempotency:{await services.keyring.identify(context.tenant, 'reply', *name)}"
    command = SendReply(
        conversation=conversation,
        operator=data.operator.name,
        text=data.text,
        rich=data.rich,
        inbox=inbox,
    )
    sent = await send_reply(command, context, store=services.store, clock=services.clock)
    shown = ReplyOut(
        conversation=conversation,
        version=sent.version,
        operator=sent.event.operator,
        text=sent.event.text,
        interactions=sent.event.interactions,
        messages=sent.event.messages,
    )
    return Response(shown, headers=await written(services, context.tenant, sent.position, sent.version))


@post(
    "/v1/conversations/{conversation:uuid}/release",
    status_code=200,
    scope="conversations:write",
    versioned=named("conversation"),
)
async def release(
    conversation: FromPath[UUID],
    data: JSONBody[ByOperator],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[HeldOut]:
    """Give a conversation back to the agent, who answers what the customer has written meanwhile."""
    command = ReleaseConversation(conversation=conversation, operator=data.operator.name)
    found, position = await release_conversation(command, context, store=services.store, clock=services.clock)
    return await _held(found, position, services, context)


async def _held(
    found: Conversation, position: int, services: Services, context: Context
) -> Response[HeldOut]:
    shown = HeldOut(id=found.id, handoff=handoff_out(found.state.handoff))
    return Response(shown, headers=await written(services, context.tenant, position, found.version))


ROUTER = Router("/", route_handlers=[claim, reply, release], tags=["conversations"])
