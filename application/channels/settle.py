"""Messages of unknown fate: whether the channel's list has them."""

from __future__ import annotations

from datetime import datetime, timedelta

from application.channels.accounts import Sender
from application.channels.ports import Ports
from application.channels.wording import readable
from application.ports import NotTaken
from domain.base.context import Context
from domain.channels.delivery import Delivery
from domain.channels.turns import Look
from domain.conversations.conversation import Conversation

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
    """Record it as accepted where the list has it; when to look again where that could not be read. That the list has it not says nothing."""
    if sender is None:
        return None
    try:
        listed = await ports.channel.recent(sender.account, conversation.recipient, turn.since - SLACK)
    except NotTaken as refused:
        return ports.clock() + AGAIN if refused.passing else None
    outgoing, known = delivery.state.messages[turn.number].outgoing, delivery.known_sids()
    text = await readable(outgoing, conversation.id, context.tenant, ports.store)
    matching = [each for each in listed if each.sid not in known and _line(text) in _line(each.text)]
    if matching:
        # The earliest, since it is the first of those that went out alike whose fate is unknown.
        first, at = min(matching, key=lambda each: each.at), ports.clock()
        delivery.accepted(turn.number, turn.attempt, sid=first.sid, by="list", at=at)
        delivery.told(turn.number, turn.attempt, sid=first.sid, status=first.status, code=first.code, at=at)
        await ports.store.save(delivery, context=context)
        ports.sends.sent(outgoing.form, "settled")
    return None


def _line(text: str) -> str:
    """An approved template has its words in one line, among its own."""
    return " ".join(text.split())
