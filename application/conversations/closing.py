"""A conversation is closed, and opened again."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.amend import amend
from application.conversations.owing import given_back
from application.ports import Clock, Store
from domain.base.context import Context
from domain.conversations.conversation import Conversation


class CloseConversation(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID
    reason: str | None = None


class ReopenConversation(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID


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
