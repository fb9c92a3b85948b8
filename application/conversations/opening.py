"""Opening a conversation without a message: of a customer for whom something is done who has not written yet."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.conversations.conversation import Locate
from application.ports import Clock, Store
from domain.base.context import Context
from domain.base.errors import Erased
from domain.conversations.conversation import Conversation


class OpenConversation(msgspec.Struct, frozen=True, kw_only=True):
    channel: str
    address: str
    name: str | None = None


async def open_conversation(
    command: OpenConversation, context: Context, locate: Locate, *, store: Store, clock: Clock
) -> UUID:
    """The conversation of a customer, which is begun where there is none; after an erasure another one. Whatever is the customer's goes with it."""

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
            await store.change(Conversation, conversation, decide, context=context)
            return conversation
        except Erased:
            erased = conversation
