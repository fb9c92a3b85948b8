"""A customer is told a campaign's message, once, and sent it: on record with the attempt at it, before the channel is called, in one save.

Where somebody else is at the conversation at that moment, or something goes out before, it is told first and then delivered as all else is.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.tasks import run_to_end
from application.campaigns.known import Known
from application.campaigns.ports import Ports
from application.channels.accounts import Sender
from application.channels.calling import Held, call
from application.channels.deliver import Deliver, deliver
from application.channels.rate import Taken
from application.channels.wording import Otherwise, wording
from application.ports import DELIVER_WORK, Due, OutgoingMessage, Saved, Unavailable
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.campaigns.campaign import Campaign
from domain.campaigns.judge import Reach, Verdict
from domain.channels.delivery import Delivery
from domain.channels.next_step import Send, next_step
from domain.channels.taking import take
from domain.conversations.campaigning import CampaignPart
from domain.conversations.conversation import Conversation

LEASE = 30
"""Seconds after which a worker sends what whoever has told the customer's conversation has not."""


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """`judged`: whether they get it, as they stand at a moment."""

    campaign: Campaign
    parts: Sequence[CampaignPart]
    judged: Callable[[Conversation, datetime], Verdict]
    sender: Sender

    def inbox(self, conversation: UUID) -> str:
        return f"campaign:{self.campaign.id.hex}:{conversation.hex}"


async def tell_and_send(telling: Telling, known: Known, context: Context, ports: Ports) -> Verdict:
    """On record once, whoever comes to it again, and then sent. Judged anew: they may have opted out a moment ago."""
    if known.delivery is not None:
        with suppress(Conflict):  # somebody was at it since it was looked at
            told = await _at_once(telling, known, known.delivery, context, ports)
            if told is not None:
                return told
    return await _one_after_the_other(telling, known.conversation.id, context, ports)


async def _at_once(
    telling: Telling, known: Known, delivery: Delivery, context: Context, ports: Ports
) -> Verdict | None:
    """One save before the call, one after it; None: that is not how it goes, and nothing was done. Raises Conflict, before anything was done."""
    now, campaign, conversation = ports.clock(), telling.campaign.id, known.conversation
    if not isinstance(verdict := telling.judged(conversation, now), Reach):
        return None
    conversation.campaign(campaign, telling.parts, now)
    said = conversation.pending_events[-1]
    assert isinstance(said, Conversation.Campaigned)
    delivery.take_in(take([*known.since, said], delivery.state.taken, delivery.state.sender), now)
    turn = next_step(delivery, now, unknown_fate=telling.sender.unknown_fate)
    if not isinstance(turn, Send) or delivery.state.sender != telling.sender.account.sender:
        return None
    outgoing = delivery.state.messages[turn.number].outgoing
    if outgoing.campaign != campaign:
        return None
    found = await wording(
        outgoing, conversation, telling.sender, context, ports, {said.originator_version: said}
    )
    if isinstance(found, Otherwise):
        return None
    name, holder = delivery.attempt(turn.number, now), ports.ids()
    due = Due(kind=DELIVER_WORK, key=conversation.id.hex, due_at=now, holder=holder, lease=LEASE)
    saved = await ports.store.save(
        conversation, delivery, context=context, inbox=telling.inbox(conversation.id), work=[due]
    )
    if saved.duplicate and not await _is_this(saved, said.originator_version, context, ports):
        return verdict  # they were told before
    message = OutgoingMessage(
        to=conversation.recipient, words=found.words, attempt=name, template=found.template
    )
    held = Held(holder=holder if saved.leased or saved.duplicate else None)
    # Whoever is told to stop meanwhile records first what became of it.
    calling = call(message, turn.number, delivery, telling.sender, context, ports, held)
    await _in_turn(conversation.id, run_to_end(calling), held, len(telling.parts) - 1, context, ports)
    return verdict


async def _is_this(saved: Saved, version: int, context: Context, ports: Ports) -> bool:
    """Whether what is on record is this very save, of which nobody heard that it was made."""
    return (await ports.store.event(context.tenant, saved.position)).version == version


async def _in_turn(
    conversation: UUID,
    calling: Coroutine[Any, Any, Delivery] | None,
    held: Held,
    turns: int,
    context: Context,
    ports: Ports,
) -> None:
    """What goes out to them, as long as the row is ours; where somebody else has it that goes on with it. `turns` at the sender's rate are taken.
    Where a server of ours is away it is owed still, and a worker goes on."""
    with suppress(Unavailable):
        if held.holder is None:
            if calling is not None:
                await calling
            return
        row = context.tenant, DELIVER_WORK, conversation.hex
        async with ports.turns.take(*row, within=0, holder=held.holder) as turn:
            assert turn is not None
            if calling is not None and not (await calling).waiting():
                if not held.settled:  # a status has told of it before its answer came
                    turn.nothing()
            else:
                command = Deliver(conversation=conversation)
                again = await deliver(command, context, ports, Taken(turns), held=held)
                if again is not None:  # whoever comes next looks when it is to go on
                    turn.more()
                elif not held.settled:
                    turn.nothing()


async def _one_after_the_other(
    telling: Telling, conversation: UUID, context: Context, ports: Ports
) -> Verdict:
    """Told, and then delivered as all else is."""
    now, holder = ports.clock(), ports.ids()
    due = Due(kind=DELIVER_WORK, key=conversation.hex, due_at=now, holder=holder, lease=LEASE)
    verdicts: list[Verdict] = []

    def decide(known: Conversation) -> None:
        verdicts.append(telling.judged(known, now))
        if isinstance(verdicts[-1], Reach):
            known.campaign(telling.campaign.id, telling.parts, now)

    _, saved = await amend(
        Conversation,
        conversation,
        decide,
        context=context,
        store=ports.store,
        inbox=telling.inbox(conversation),
        work=lambda _: [due] if isinstance(verdicts[-1], Reach) else [],
    )
    if isinstance(verdicts[-1], Reach) and saved.leased and not saved.duplicate:
        await _in_turn(conversation, None, Held(holder=holder), len(telling.parts), context, ports)
    return verdicts[-1]
