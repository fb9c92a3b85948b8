"""Messages of unknown fate: whether the channel's list has them."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta

from application.channels.accounts import Sender
from application.channels.ports import Ports
from application.channels.wording import readable, rewording
from application.ports import ListedMessage, NotTaken
from domain.base.context import Context
from domain.channels.delivery import Delivery
from domain.channels.next_step import Look
from domain.channels.window import is_outside
from domain.conversations.conversation import Conversation

log = logging.getLogger("retrace.channels")

SLACK = timedelta(minutes=1)
"""By which the channel's clock may be behind ours."""

AGAIN = timedelta(seconds=30)
"""After which a list that could not be read is asked again."""


async def look(
    turn: Look,
    delivery: Delivery,
    conversation: Conversation,
    sender: Sender | None,
    context: Context,
    ports: Ports,
) -> datetime | None:
    """Record it as accepted where the list has it; when to ask again where that could not be read, which says as little as that the list has
    it not."""
    if sender is None:
        return None
    try:
        listed = await ports.channel.recent(sender.account, conversation.recipient, turn.since - SLACK)
    except NotTaken as refused:
        if refused.passing:
            return ports.clock() + AGAIN
        log.warning("the list of messages is refused (%s): check the account's token", refused.code)
        return None
    outgoing, known = delivery.state.messages[turn.number].outgoing, delivery.known_sids()
    text = await readable(outgoing, conversation.id, context.tenant, ports.store)
    approved = outgoing.form == "text" and sender.window is not None and is_outside(conversation, turn.since)
    matching = [each for each in listed if each.sid not in known and _is(each, text, approved)]
    if matching:
        # The earliest, since it is the first of those that went out alike whose fate is unknown.
        first, at = min(matching, key=lambda each: each.at), ports.clock()
        delivery.accepted(turn.number, turn.attempt, sid=first.sid, by="list", at=at)
        delivery.told(
            turn.number,
            turn.attempt,
            sid=first.sid,
            status=first.status,
            code=first.code,
            at=at,
            texts=await rewording(delivery, turn.number, first.code, context.tenant, ports.store),
        )
        await ports.store.save(delivery, context=context)
        ports.sends.sent(outgoing.form, "settled")
    return None


def _is(listed: ListedMessage, text: str, approved: bool) -> bool:
    """Whether it may be the message with this text: all of it, or among the words of an approved template. A file without a caption has
    no text to tell it by: another one like it passes for it, a text never does."""
    line, wanted = _line(listed.text), _line(text)
    if not wanted:
        return not line and listed.files > 0
    if approved:
        return re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", line) is not None
    return line == wanted


def _line(text: str) -> str:
    """An approved template has its words in one line."""
    return " ".join(text.split())
