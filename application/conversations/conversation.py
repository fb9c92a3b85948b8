"""Conversations: a customer's messages are taken in; closed by whoever has the right to. What answers them: answer.py."""

from __future__ import annotations

from itertools import count
from uuid import UUID

import msgspec

from application.agents.agent import configuration_of
from application.answers.ports import Ports
from application.base.amend import amend
from application.conversations.owing import given_back, owed_to_message
from application.ports import Clock, Keyring, Store, Work
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, Forbidden, Invalid
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.tenancy.tenant import Tenant


class ReceiveMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`inbox` names the request, where it can come twice; `wait` tells that the caller gives the answer itself, at once."""

    channel: str
    address: str
    name: str | None = None
    text: str
    message_id: str | None = None
    inbox: str | None = None
    wait: bool = False


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is the conversation's at the message. `holder`: who has the lease of the answer, where that is the caller's alone."""

    conversation: UUID
    interaction: UUID
    version: int
    position: int
    duplicate: bool
    holder: UUID | None = None


class CloseConversation(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID
    reason: str | None = None


class ReopenConversation(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID


async def receive_message(command: ReceiveMessage, context: Context, ports: Ports) -> Received:
    """Take a customer's message. The same message id in a conversation, or the same inbox key, has one effect and one result.

    Raises Conflict for an inbox key whose message was erased since.
    """
    for name, value, most in (("channel", command.channel, 32), ("address", command.address, 256)):
        if not 1 <= len(value.strip()) <= most:
            raise Invalid(f"customer.{name} has 1 to {most} characters")
    store, keyring, clock, ids = ports.store, ports.keyring, ports.clock, ports.ids
    tenant = await store.latest(Tenant, context.tenant, tenant=context.tenant)
    if tenant.state.status != "active":
        raise Forbidden(f"this tenant is {tenant.state.status}")
    configuration, _ = await configuration_of(context.tenant, store=store)
    interaction, message = ids(), command.message_id or str(ids())
    joined = interaction

    def decide(known: Conversation | None) -> Conversation:
        nonlocal joined
        found = known or Conversation.start(
            conversation, channel=command.channel, address=command.address, name=command.name, at=clock()
        )
        joined = found.receive(message=message, text=command.text, interaction=interaction, at=clock())
        return found

    holder = ids() if command.wait else None

    def owed(found: Conversation) -> Work:
        return owed_to_message(found, configuration, clock(), holder=holder)

    for generation in count():
        conversation = await conversation_of(
            context.tenant, command.channel, command.address, generation, keyring=keyring
        )
        inbox = command.inbox
        if inbox is None and command.message_id:
            # An id is unique within its conversation only. Inbox keys outlive an erasure, and an id may hold a phone number.
            id = await keyring.identify(context.tenant, "message", str(conversation), command.message_id)
            inbox = f"message:{id}"
        try:
            found, saved = await store.change(
                Conversation, conversation, decide, context=context, inbox=inbox, work=owed
            )
            break
        except Erased:  # a customer who was forgotten and comes back begins anew
            continue
    if saved.duplicate:
        first = await _message_at(store, context.tenant, saved.position)
        assert isinstance(first.event, Conversation.MessageReceived)
        return Received(
            conversation=first.stream,
            interaction=first.event.interaction,
            version=first.version,
            position=first.position,
            duplicate=True,
        )
    return Received(
        conversation=conversation,
        interaction=joined,
        version=found.version,
        position=saved.position,
        duplicate=False,
        holder=holder if saved.leased else None,
    )


async def conversation_of(
    tenant: UUID, channel: str, address: str, generation: int = 0, *, keyring: Keyring
) -> UUID:
    """The id of a customer's conversation; `generation` counts their erasures before it."""
    parts = [channel, address] if generation == 0 else [channel, address, str(generation)]
    return await keyring.identify(tenant, "conversation", *parts)


async def close_conversation(
    command: CloseConversation, context: Context, *, store: Store, clock: Clock
) -> int:
    """Close; a later message opens it again. An operator who has it has it no more. Returns the position, 0 when it was closed already."""
    _, saved = await amend(
        Conversation,
        command.conversation,
        lambda conversation: conversation.close(command.reason, clock()),
        context=context,
        store=store,
        work=lambda conversation: given_back(conversation, clock()),
    )
    return saved.position


async def reopen_conversation(
    command: ReopenConversation, context: Context, *, store: Store, clock: Clock
) -> int:
    """Open again what was closed. Returns the position, 0 when it is open."""
    _, saved = await amend(
        Conversation,
        command.conversation,
        lambda conversation: conversation.reopen(clock()),
        context=context,
        store=store,
    )
    return saved.position


async def _message_at(store: Store, tenant: UUID, position: int) -> Recorded:
    """The message that a command, whose first event is at `position`, received: it may have started, or opened, the conversation
    first."""
    first = await store.event(tenant, position)
    async for recorded in store.stream(tenant, first.stream, after=first.version - 1, limit=2):
        if isinstance(recorded.event, Conversation.MessageReceived):
            return recorded
    raise Conflict("this message was taken before, and its conversation was erased since")
