"""One call of the channel for an attempt that is on record, and what came of it: saved with the end of the work, where nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.steps import step, tell
from application.channels.accounts import Sender
from application.channels.opted_out import note_opt_out
from application.channels.ports import Ports
from application.channels.wording import as_texts, lose_template
from application.ports import (
    DELIVER_WORK,
    Approved,
    Done,
    Due,
    FateUnknown,
    NotTaken,
    OutgoingMessage,
    SentMessage,
)
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.channels.delivery import Delivery

Decide = Callable[[Delivery], object]


class Held(msgspec.Struct):
    """The row of work of who delivers. `holder` None: somebody else has it, who is to look again once this is over. `settled`: it went with
    the last save."""

    holder: UUID | None
    revision: int = 1
    settled: bool = False

    def with_outcome(self, delivery: Delivery, ports: Ports) -> list[Due | Done]:
        """To be saved with what came of a call."""
        key, waits = delivery.state.conversation.hex, bool(delivery.waiting())
        if self.holder is None:
            return [Due(kind=DELIVER_WORK, key=key, due_at=ports.clock())] if waits else []
        return [] if waits else [Done(kind=DELIVER_WORK, key=key, holder=self.holder, revision=self.revision)]


@step("send")
async def call(
    message: OutgoingMessage,
    number: int,
    delivery: Delivery,
    sender: Sender,
    context: Context,
    ports: Ports,
    held: Held | None,
) -> Delivery:
    """What comes of it is saved on whatever the delivery has become meanwhile."""
    attempt = delivery.state.messages[number].attempt
    try:
        sent = await ports.channel.send(message, sender.account)
    except FateUnknown as unknown:
        outcome, decide = "unknown", _doubted(number, attempt, unknown, ports)
    except NotTaken as refused:
        outcome, decide = await _refused(refused, message, number, attempt, delivery, sender, context, ports)
    else:
        outcome, decide = "accepted", _accepted(number, attempt, sent, ports)
    ports.sends.sent(delivery.state.messages[number].outgoing.form, outcome)
    tell(outcome=outcome)
    return await _record(delivery, decide, context, ports, held)


async def _record(
    delivery: Delivery, decide: Decide, context: Context, ports: Ports, held: Held | None
) -> Delivery:
    """On the delivery at hand, which is as the log has it, unless a status has come before the answer."""

    def work(known: Delivery) -> list[Due | Done]:
        return [] if held is None else held.with_outcome(known, ports)

    try:
        decide(delivery)
        saved = await ports.store.save(delivery, context=context, work=work(delivery))
    except Conflict:
        delivery, saved = await amend(
            Delivery, delivery.id, decide, context=context, store=ports.store, work=work
        )
    if held is not None:
        held.settled = held.holder is not None and saved.position > 0 and not delivery.waiting()
    return delivery


def _accepted(number: int, attempt: int, sent: SentMessage, ports: Ports) -> Decide:
    return lambda known: known.accepted(number, attempt, sid=sent.sid, by="answer", at=ports.clock())


def _doubted(number: int, attempt: int, unknown: FateUnknown, ports: Ports) -> Decide:
    return lambda known: known.doubt(number, attempt, why=unknown.why, at=ports.clock())


async def _refused(
    refused: NotTaken,
    message: OutgoingMessage,
    number: int,
    attempt: int,
    delivery: Delivery,
    sender: Sender,
    context: Context,
    ports: Ports,
) -> tuple[str, Decide]:
    """The outcome, and what is to be recorded: it is tried again, its text goes out instead, or it has failed."""
    outgoing, words = delivery.state.messages[number].outgoing, message.words
    await note_opt_out(
        refused.code, delivery.state.conversation, context, store=ports.store, clock=ports.clock
    )
    form = None if isinstance(words, str | Approved) else words
    if refused.lost and form is not None and message.template is not None:
        await lose_template(form, message.template, sender.account, context, ports)
    elif form is not None and delivery.rewordable(number, refused.code) is not None:
        texts = await as_texts(outgoing, delivery.state.conversation, context.tenant, ports.store)
        if texts:
            return "replaced", lambda known: known.replace(number, texts, code=refused.code, at=ports.clock())
    passing = refused.passing or (refused.lost and form is not None)
    after = None if refused.after is None else timedelta(seconds=refused.after)
    return "put_off" if passing else "refused", lambda known: known.refused(
        number, attempt, code=refused.code, passing=passing, after=after, at=ports.clock()
    )
