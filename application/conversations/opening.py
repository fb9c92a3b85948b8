"""Opening a conversation without a message: of a customer for whom something is done who has not written yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec

from application.conversations.conversation import Locate
from application.ports import Clock, Store
from domain.base.context import Context
from domain.base.errors import Erased, NotFound
from domain.conversations.conversation import Conversation


class OpenConversation(msgspec.Struct, frozen=True, kw_only=True):
    channel: str
    address: str
    name: str | None = None


async def open_conversation(
    command: OpenConversation,
    context: Context,
    locate: Locate,
    check: Callable[[], Awaitable[None]],
    *,
    store: Store,
    clock: Clock,
) -> UUID:
    """The conversation of a customer, which is begun where there is none; after an erasure another one. Whatever is the customer's goes with it.

    `check`: whether what it is begun for can be done, so that nothing is kept of somebody for whom it can't. Raises what that raises.
    """

    def decide(known: Conversation | None) -> Conversation:
        if known is None:
            return Conversation.start(
                conversation,
                channel=command.channel,
                address=command.address,
                name=command.name,
                at=clock(),
            )
        if known.state.forgotten:
            raise Erased
        return known

    erased: UUID | None = None
    while True:
        conversation = await locate(erased)
        try:
            if not await _is_there(conversation, context.tenant, store):
                await check()
            await store.change(Conversation, conversation, decide, context=context)
            return conversation
        except Erased:
            erased = conversation


async def _is_there(conversation: UUID, tenant: UUID, store: Store) -> bool:
    """Raises Erased."""
    try:
        await store.load(Conversation, conversation, tenant=tenant)
    except Erased:
        raise
    except NotFound:
        return False
    return True
