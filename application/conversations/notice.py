"""What a channel tells of a customer that is no message."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from application.conversations.conversation import Locate
from application.ports import Clock, Saved, Store
from domain.base.context import Context
from domain.base.errors import Erased
from domain.conversations.conversation import Conversation


class ReceiveNotice(msgspec.Struct, frozen=True, kw_only=True):
    """What is no message, as a reaction. As in `Conversation.NoticeReceived`; `inbox` names the request."""

    channel: str
    address: str
    name: str | None = None
    notice: str
    kind: str
    about: str | None = None
    text: str = ""
    sender: str | None = None
    raw: Mapping[str, str] = {}
    inbox: str


async def receive_notice(
    command: ReceiveNotice, context: Context, *, store: Store, clock: Clock, locate: Locate
) -> Saved:
    """Keep it; nothing is owed for it. The same inbox key has one effect."""

    def decide(known: Conversation | None) -> Conversation:
        found = known or Conversation.start(
            conversation, channel=command.channel, address=command.address, name=command.name, at=clock()
        )
        found.notice(
            notice=command.notice,
            kind=command.kind,
            about=command.about,
            text=command.text,
            sender=command.sender,
            raw=command.raw,
            at=clock(),
        )
        return found

    erased = None
    while True:
        conversation = await locate(erased)
        try:
            _, saved = await store.change(
                Conversation, conversation, decide, context=context, inbox=command.inbox
            )
            return saved
        except Erased:
            erased = conversation
