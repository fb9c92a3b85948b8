"""The work that sends what a customer is to get: one conversation at a time, in order, each attempt on record before it is made.

Whatever ends it in between, whoever comes next goes on from the log: it sends what nobody has attempted, and asks the channel about the
rest (`settle.py`). Every effect is in sight in `deliver` and `_send`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

import msgspec

from application.answers.variants import configuration_for
from application.base.tasks import run_to_end
from application.channels.accounts import Sender, sender_of
from application.channels.calling import Held, call
from application.channels.ports import Ports
from application.channels.rate import AHEAD, PATIENCE, Taken, answers_turn, campaigns_turn
from application.channels.settle import look
from application.channels.wording import Otherwise, event_at, is_optional, wording
from application.conversations.owing import expiry
from application.ports import OutgoingMessage
from domain.base.aggregate import Event
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, NotFound
from domain.channels.delivery import Delivery, delivery_of
from domain.channels.next_step import Doubt, GiveUp, Look, Send, Wait, next_step
from domain.channels.outgoing import Outgoing
from domain.channels.taking import take
from domain.conversations.conversation import Conversation

RACES = 50
"""How often it begins again because somebody else has changed the delivery."""


class Deliver(msgspec.Struct, frozen=True, kw_only=True):
    conversation: UUID


async def deliver(
    command: Deliver,
    context: Context,
    ports: Ports,
    taken: Taken | None = None,
    told: Conversation | None = None,
    held: Held | None = None,
) -> datetime | None:
    """Send all that is to go out; when to look again, None where nothing is left to be done. An erased conversation owes nothing.
    `taken`: turns at the sender's rate that campaigns' messages have already. `told`: the conversation, where the caller has just saved it.
    `held`: the row of this work, which ends with what is saved last, where that is so.

    What is said meanwhile owes this work anew, so it is not looked for once all that was there has gone out."""
    taken = taken or Taken()
    looked: set[tuple[int, int]] = set()
    unread: list[datetime] = []  # when lists that could not be read are asked again
    races = 0
    while True:
        try:
            conversation, told = told or await _conversation(command, context, ports), None
            if conversation.state.forgotten:
                return None
            delivery, read = await _delivery(conversation, context.tenant, ports)
            sender = await sender_of(context.tenant, delivery.state.sender, store=ports.store)
            fate = "operator" if sender is None else sender.unknown_fate
            turn = next_step(delivery, ports.clock(), unknown_fate=fate, looked=looked)
            match turn:
                case None | Wait():
                    if delivery.waiting() and delivery.pending_events:
                        await ports.store.save(delivery, context=context)
                    return min([turn.until, *unread]) if isinstance(turn, Wait) else None
                case Send(number):
                    sent = await _send(
                        number, delivery, conversation, sender, taken, context, ports, read, held
                    )
                    if isinstance(sent, datetime):
                        return sent
                    if sent is not None and next_step(sent, ports.clock(), unknown_fate=fate) is None:
                        return None
                case Doubt(number, attempt):
                    delivery.doubt(number, attempt, why="no outcome on record", at=ports.clock())
                    await ports.store.save(delivery, context=context)
                    ports.sends.sent(delivery.state.messages[number].outgoing.form, "unknown")
                case Look():
                    if (
                        again_at := await look(turn, delivery, conversation, sender, context, ports)
                    ) is not None:
                        unread.append(again_at)
                    looked.add((turn.number, turn.attempt))
                case GiveUp():
                    await _give_up(turn, delivery, conversation, context, ports)
                case _:
                    assert_never(turn)
        except (NotFound, Erased):
            return None
        except Conflict:  # a status came, or another sender is at it
            races += 1
            if races > RACES:
                raise


async def _conversation(command: Deliver, context: Context, ports: Ports) -> Conversation:
    return await ports.store.load(Conversation, command.conversation, tenant=context.tenant)


async def _delivery(
    conversation: Conversation, tenant: UUID, ports: Ports
) -> tuple[Delivery, Mapping[int, Event]]:
    """With what the conversation has said since it was last looked at, which is saved with what is done about it; those events by version."""
    try:
        delivery = await ports.store.load(Delivery, delivery_of(conversation.id), tenant=tenant)
    except Erased:
        raise
    except NotFound:
        delivery = Delivery.begin(conversation.id, ports.clock())
    state = delivery.state
    events = [each async for each in ports.store.stream(tenant, conversation.id, after=state.taken)]
    if state.untold is not None:
        events.insert(0, await event_at(conversation.id, state.untold, tenant, ports.store))
    read = {each.version: each.event for each in events if each.event is not None}
    delivery.take_in(take(read.values(), state.taken, state.sender), ports.clock())
    return delivery, read


async def _send(
    number: int,
    delivery: Delivery,
    conversation: Conversation,
    sender: Sender | None,
    taken: Taken,
    context: Context,
    ports: Ports,
    read: Mapping[int, Event],
    held: Held | None,
) -> datetime | Delivery | None:
    """Its attempt, the call, and the outcome: the delivery with it, None where it was not called; when to come back, where its turn is far
    off. Raises Conflict before anything was sent."""
    sending, store = delivery.state.messages[number], ports.store
    if sender is None:
        delivery.fail(number, code="no_account", at=ports.clock())
        await store.save(delivery, context=context)
        ports.sends.sent(sending.outgoing.form, "refused")
        return None
    found = await wording(sending.outgoing, conversation, sender, context, ports, read)
    if isinstance(found, Otherwise):
        _instead(delivery, number, found, ports)
        await store.save(delivery, context=context)
        return None
    if (later := await _turn(sending.outgoing, sender, taken, ports)) is not None:
        return later
    name = delivery.attempt(number, ports.clock())
    attempt = delivery.state.messages[number].attempt
    await store.save(delivery, context=context)
    if sending.outgoing.campaign is not None and await _opted_out(conversation.id, context.tenant, ports):
        delivery.refused(number, attempt, code="opted_out", passing=False, after=None, at=ports.clock())
        await store.save(delivery, context=context)
        return None
    message = OutgoingMessage(
        to=conversation.recipient, words=found.words, attempt=name, template=found.template
    )
    # Whoever is told to stop meanwhile records first what became of it.
    return await run_to_end(call(message, number, delivery, sender, context, ports, held))


async def _turn(outgoing: Outgoing, sender: Sender, taken: Taken, ports: Ports) -> datetime | None:
    """Wait for its turn at the sender's rate; when to come back, where that is far off."""
    if outgoing.campaign is None:
        wait, patience = await answers_turn(sender, ports.buckets), PATIENCE
    elif taken.left:
        taken.left -= 1
        return None
    else:
        wait, patience = await campaigns_turn(sender, ports.buckets), AHEAD
    if wait > patience:
        return ports.clock() + timedelta(seconds=wait)
    await asyncio.sleep(wait)
    return None


async def _opted_out(conversation: UUID, tenant: UUID, ports: Ports) -> bool:
    """As of now, since it is on record that this is about to go out: whoever opts out from here on does so after that."""
    return (await ports.store.load(Conversation, conversation, tenant=tenant)).state.opted_out is not None


async def _give_up(
    turn: GiveUp, delivery: Delivery, conversation: Conversation, context: Context, ports: Ports
) -> None:
    """An operator is to see to it, unless nothing is lost with it."""
    at, number, unknown = ports.clock(), turn.number, turn.why == "unknown_fate"
    outgoing = delivery.state.messages[number].outgoing
    code = turn.why if unknown else delivery.state.messages[number].code or turn.why
    evidence = "may have come or not" if unknown else f"was refused again and again, with {code}"
    delivery.give_up(number, code=code, at=at)
    if not await is_optional(outgoing, conversation.id, context.tenant, ports.store):
        conversation.hand_over(turn.why, (f"message {number} of the delivery {evidence}",), at)
    configuration = await configuration_for(context.tenant, conversation.id, store=ports.store)
    work = expiry(conversation, configuration)
    both = [delivery, conversation] if conversation.pending_events else [delivery]
    await ports.store.save(*both, context=context, work=work)
    ports.sends.sent(outgoing.form, "given_up")


def _instead(delivery: Delivery, number: int, found: Otherwise, ports: Ports) -> None:
    at, form = ports.clock(), delivery.state.messages[number].outgoing.form
    if found.instead:
        delivery.replace(number, found.instead, code=found.code, at=at)
    else:
        delivery.fail(number, code=found.code, at=at)
    ports.sends.sent(form, "replaced" if found.instead else "refused")
