"""Conversations: a customer's messages are taken in; closed by whoever has the right to. What answers them: answer.py."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from itertools import count
from uuid import UUID

import msgspec
from msgspec.structs import replace

from application.answers.variants import configuration_for
from application.conversations.owing import files, owed_to_message
from application.conversations.ports import ReceivePorts
from application.ports import Keyring, Store, Work
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, Invalid
from domain.base.recorded import Recorded
from domain.conversations.content import Part
from domain.conversations.conversation import Conversation
from domain.conversations.messages import Consent, Use
from domain.tenancy.tenant import Tenant


class ReceiveMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`inbox` names the request, where it can come twice; `wait` tells that the caller gives the answer itself, at once. The rest as in
    `Conversation.MessageReceived`, but that what the channel says of `use` holds where that is less; `consent`: what the customer says of messages that they have not asked for."""

    channel: str
    address: str
    name: str | None = None
    text: str
    message_id: str | None = None
    inbox: str | None = None
    wait: bool = False
    sender: str | None = None
    parts: tuple[Part, ...] = ()
    raw: Mapping[str, str] = {}
    use: Use = "tenant_only"
    consent: Consent | None = None


class MessageErased(Conflict):
    """This message was taken before, and its conversation was erased since."""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is the conversation's at the message. `holder`: who has the lease of the answer, where that is the caller's alone."""

    conversation: UUID
    interaction: UUID
    version: int
    position: int
    duplicate: bool
    holder: UUID | None = None


Locate = Callable[[UUID | None], Awaitable[UUID]]
"""The id of a customer's conversation; given one that was erased, of the next one."""


async def receive_message(
    command: ReceiveMessage, context: Context, ports: ReceivePorts, locate: Locate | None = None
) -> Received:
    """Take a customer's message. The same message id in a conversation, or the same inbox key, has one effect and one result.

    `locate`: for a channel on which a customer may have several addresses; else the conversation follows from the address.
    Raises MessageErased for an inbox key whose message was erased since.
    """
    _check_customer(command)
    store, keyring, clock, ids = ports.store, ports.keyring, ports.clock, ports.ids
    tenant = await store.latest(Tenant, context.tenant, tenant=context.tenant)
    tenant.check_active()
    if await ports.uses.of(context.tenant, command.channel) == "none":
        command = replace(command, use="none")
    interaction, message = ids(), command.message_id or str(ids())
    joined = interaction

    def decide(known: Conversation | None) -> Conversation:
        nonlocal joined
        found = known or Conversation.start(
            conversation, channel=command.channel, address=command.address, name=command.name, at=clock()
        )
        joined = _take_in(command, found, message, interaction, clock())
        return found

    holder = ids() if command.wait else None

    def owed(found: Conversation) -> Work:
        at = clock()
        return [
            *owed_to_message(found, configuration, at, holder=holder),
            *files(found, command.parts, at),
        ]

    locate, erased = locate or by_address(context.tenant, command.channel, command.address, keyring), None
    while True:
        conversation = await locate(erased)
        configuration = await configuration_for(context.tenant, conversation, store=store)
        inbox = command.inbox or await _inbox(command.message_id, conversation, context.tenant, keyring)
        try:
            found, saved = await store.change(
                Conversation, conversation, decide, context=context, inbox=inbox, work=owed
            )
            break
        except Erased:  # a customer who was forgotten and comes back begins anew
            erased = conversation
    if saved.duplicate:
        return await _received_before(store, context.tenant, saved.position)
    return Received(
        conversation=conversation,
        interaction=joined,
        version=found.version,
        position=saved.position,
        duplicate=False,
        holder=holder if saved.leased else None,
    )


def _take_in(
    command: ReceiveMessage, conversation: Conversation, message: str, interaction: UUID, at: datetime
) -> UUID:
    """The interaction that will answer it."""
    if command.consent is not None:
        conversation.opt(command.consent, command.text, at)
    return conversation.receive(
        message=message,
        text=command.text,
        interaction=interaction,
        at=at,
        sender=command.sender,
        address=command.address,
        parts=command.parts,
        raw=command.raw,
        use=command.use,
    )


def _check_customer(command: ReceiveMessage) -> None:
    """Raises Invalid."""
    for name, value, most in (("channel", command.channel, 32), ("address", command.address, 256)):
        if not 1 <= len(value.strip()) <= most:
            raise Invalid(f"customer.{name} has 1 to {most} characters")


async def _inbox(message_id: str | None, conversation: UUID, tenant: UUID, keyring: Keyring) -> str | None:
    """An id is unique within its conversation only. Inbox keys outlive an erasure, and an id may hold a phone number."""
    if not message_id:
        return None
    return f"message:{await keyring.identify(tenant, 'message', str(conversation), message_id)}"


async def _received_before(store: Store, tenant: UUID, position: int) -> Received:
    """The result of the first time that it came."""
    first = await _message_at(store, tenant, position)
    assert isinstance(first.event, Conversation.MessageReceived)
    return Received(
        conversation=first.stream,
        interaction=first.event.interaction,
        version=first.version,
        position=first.position,
        duplicate=True,
    )


def by_address(tenant: UUID, channel: str, address: str, keyring: Keyring) -> Locate:
    """Where a customer has one address."""
    generations = count()

    async def locate(erased: UUID | None) -> UUID:
        return await conversation_of(tenant, channel, address, next(generations), keyring=keyring)

    return locate


async def conversation_of(
    tenant: UUID, channel: str, address: str, generation: int = 0, *, keyring: Keyring
) -> UUID:
    """The id of a customer's conversation; `generation` counts their erasures before it."""
    parts = [channel, address] if generation == 0 else [channel, address, str(generation)]
    return await keyring.identify(tenant, "conversation", *parts)


async def _message_at(store: Store, tenant: UUID, position: int) -> Recorded:
    """The message that a command, whose first event is at `position`, received: it may have started, or opened, the conversation
    first, or said something of consent."""
    first = await store.event(tenant, position)
    async for recorded in store.stream(tenant, first.stream, after=first.version - 1, limit=3):
        if isinstance(recorded.event, Conversation.MessageReceived):
            return recorded
    raise MessageErased
