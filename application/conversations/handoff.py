"""A person in the place of the agent: claims a conversation, replies, gives it back; where none comes, the agent has it again in the end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from application.answers.variants import configuration_for
from application.base.amend import amend
from application.conversations.language import customers_language
from application.conversations.owing import (
    HANDOFF_WORK,
    candidate,
    deliveries,
    expiry,
    given_back,
    waits_until,
)
from application.ports import Clock, Done, Keyring, Store
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.conversations.conversation import Conversation
from domain.conversations.handoff import EXPIRED
from domain.conversations.rich import Rich


class ClaimConversation(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID
    operator: str


class SendReply(msgspec.Struct, frozen=True, kw_only=True):
    """`text` None: what can be read of `rich`. `inbox` names the request, where it can come twice."""

    conversation: UUID
    operator: str
    text: str | None = None
    rich: Rich | None = None
    inbox: str | None = None


class ReleaseConversation(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID
    operator: str


class ExpireHandoff(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID


class ReplySent(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is the conversation's at the reply; on record at `position`."""

    event: Conversation.Replied
    version: int
    position: int


async def claim_conversation(
    command: ClaimConversation, context: Context, *, store: Store, keyring: Keyring, clock: Clock
) -> tuple[Conversation, int]:
    """Take it, whether it was handed over or not. With its position, 0 where it was theirs already. Raises NotFound; Conflict where
    another one has it."""
    configuration = await configuration_for(context.tenant, command.conversation, store=store)
    id = await operator_id(context.tenant, command.operator, keyring=keyring)
    conversation, saved = await amend(
        Conversation,
        command.conversation,
        lambda conversation: conversation.claim(command.operator, clock(), operator_id=id),
        context=context,
        store=store,
        work=lambda conversation: expiry(conversation, configuration),
    )
    return conversation, saved.position


async def operator_id(tenant: UUID, operator: str, *, keyring: Keyring) -> UUID:
    """Tells an operator from others, and not who it is: read models hold no names."""
    return await keyring.identify(tenant, "operator", operator)


async def send_reply(command: SendReply, context: Context, *, store: Store, clock: Clock) -> ReplySent:
    """Answer what is pending as its operator, or say something more; sent where the channel delivers. The same inbox key has one effect and
    one result. Raises NotFound; Invalid; Conflict for anybody else."""
    _, saved = await amend(
        Conversation,
        command.conversation,
        lambda conversation: conversation.reply(command.operator, command.text, clock(), rich=command.rich),
        context=context,
        store=store,
        inbox=command.inbox,
        work=lambda conversation: [
            Done(kind=HANDOFF_WORK, key=conversation.id.hex),
            *deliveries(conversation, clock()),
            *candidate(conversation, clock()),
        ],
    )
    first = await store.event(context.tenant, saved.position)
    if not isinstance(first.event, Conversation.Replied):
        raise Conflict("this reply was sent before, and its conversation was erased since")
    return ReplySent(event=first.event, version=first.version, position=first.position)


async def release_conversation(
    command: ReleaseConversation, context: Context, *, store: Store, clock: Clock
) -> tuple[Conversation, int]:
    """Give it back to the agent, who answers what is pending. With its position, 0 where the agent has it. Raises NotFound; Conflict where
    another one has it."""
    conversation, saved = await amend(
        Conversation,
        command.conversation,
        lambda conversation: conversation.release(command.operator, clock()),
        context=context,
        store=store,
        work=lambda conversation: given_back(conversation, clock()),
    )
    return conversation, saved.position


async def expire_handoff(
    command: ExpireHandoff, context: Context, *, store: Store, clock: Clock
) -> datetime | None:
    """Give a conversation back to the agent where the customer has waited for a person for too long, and tell them so. When to look again;
    None: nobody waits."""
    configuration = await configuration_for(context.tenant, command.conversation, store=store)
    again: datetime | None = None

    def decide(conversation: Conversation) -> None:
        nonlocal again
        again, at = waits_until(conversation, configuration), clock()
        if again is None or again > at:
            return
        again = None
        conversation.expire(at)
        conversation.say(configuration.handoff_expired_in(customers_language(conversation)), EXPIRED, at)

    await amend(
        Conversation,
        command.conversation,
        decide,
        context=context,
        store=store,
        work=lambda conversation: [
            *given_back(conversation, clock()),
            *deliveries(conversation, clock()),
        ],
    )
    return again
