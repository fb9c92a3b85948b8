"""Calls of actions outside of an answer: what an operator has consented to is made, what was cut off is settled, and the customer is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from application.actions.calling import CallRecord, make_call, read_call
from application.actions.declare import actions_of
from application.actions.settling import decline_call, known_call, lose_call, may_call_again
from application.answers.variants import configuration_for
from application.answers.wordings import wordings_of
from application.base.amend import amend
from application.conversations.act import called_of
from application.conversations.handoff import operator_id
from application.conversations.language import customers_language
from application.conversations.owing import deliveries, expiry, given_back
from application.conversations.ports import Ports
from application.ports import ACTION_WORK, Done, Due
from domain.actions.call import ActionCall
from domain.actions.declaration import Action
from domain.actions.requests import Customer
from domain.answers.acting.concluding import Called, concluded
from domain.answers.decision import ACTION, ANSWER
from domain.answers.wordings import Wordings
from domain.base.context import Context
from domain.base.errors import Erased, NotFound, Refused
from domain.conversations.conversation import Conversation

WAITS = (10, 60, 300, 900)
"""Seconds before a call that came to nothing is tried again."""


Word = Literal["approve", "decline", "done", "not_done"]


class SettleCall(msgspec.Struct, frozen=True, kw_only=True):
    call: UUID


class DecideCall(msgspec.Struct, frozen=True, kw_only=True):
    """An operator's word: that it may be made, that it is not to be, or, where nobody knows, that it was done or was not."""

    call: UUID
    operator: str
    word: Word


async def settle_call(command: SettleCall, context: Context, ports: Ports) -> datetime | None:
    """When to look again; None: there is nothing more to do."""
    record = await known_call(command.call, context.tenant, store=ports.store)
    if record is None:
        return None
    call, state = record.call, record.call.state
    if state.status == "waiting":
        if state.until is None or not call.late(ports.clock()):
            return state.until
        await decline_call(call.id, "time", context, ports)
        return None
    if state.status not in ("ready", "attempted"):
        return None
    actions, _ = await actions_of(context.tenant, store=ports.store)
    action = next((each for each in actions if each.name == state.action), None)
    customer = await _customer(state.conversation, context, ports)
    if state.status == "ready" and (action is None or customer is None):
        await decline_call(call.id, "withdrawn", context, ports)
        return None
    if action is not None and customer is not None and (state.status == "ready" or may_call_again(call)):
        record = await make_call(call, action, customer, context, ports, at_once=1)
        if may_call_again(record.call):
            return ports.clock() + timedelta(seconds=WAITS[min(record.call.state.attempts, len(WAITS)) - 1])
    if record.call.state.status == "attempted":
        record = await lose_call(record.call, context, ports)
    if action is not None:
        await _tell(record, action, context, ports)
    return None


async def decide_call(command: DecideCall, context: Context, ports: Ports) -> tuple[CallRecord, int]:
    """And the position, 0 where it was so already. Raises NotFound, Refused, Conflict."""
    operator = await operator_id(context.tenant, command.operator, keyring=ports.keyring)

    def decide(call: ActionCall) -> None:
        at = ports.clock()
        if command.word == "approve":
            call.consent(at, operator=operator)
        elif command.word == "decline":
            call.decline("operator", at, operator=operator)
        elif call.state.status != "unknown":
            raise Refused(f"what came of this call is on record: it is {call.state.status}")
        elif command.word == "done":
            call.complete(None, at, operator=operator)
        else:
            call.fail("an operator says that it was not done", at, operator=operator)

    key = command.call.hex
    work: list[Due | Done] = [Done(kind=ACTION_WORK, key=key)]
    if command.word == "approve":
        work = [Due(kind=ACTION_WORK, key=key, due_at=ports.clock())]
    _, saved = await amend(
        ActionCall, command.call, decide, context=context, store=ports.store, work=lambda _: work
    )
    return await read_call(command.call, context.tenant, store=ports.store), saved.position


async def _customer(conversation: UUID, context: Context, ports: Ports) -> Customer | None:
    """None: they were erased."""
    try:
        state = (await ports.store.load(Conversation, conversation, tenant=context.tenant)).state
    except (Erased, NotFound):
        return None
    if state.forgotten:
        return None
    return Customer(channel=state.channel, address=state.address, name=state.name, conversation=conversation)


async def _tell(record: CallRecord, action: Action, context: Context, ports: Ports) -> None:
    """The customer, unless an answer is about to, or a person has the conversation, who sees the call beside it. Of an unknown outcome a person is told."""
    called = await called_of(record)
    wordings, _ = await wordings_of(context.tenant, store=ports.store)
    configuration = await configuration_for(context.tenant, called.conversation, store=ports.store)

    def decide(conversation: Conversation) -> None:
        _say(conversation, called, action, wordings, context.actor, ports.clock())

    try:
        await amend(
            Conversation,
            called.conversation,
            decide,
            context=context,
            store=ports.store,
            work=lambda conversation: [
                *deliveries(conversation, ports.clock()),
                *(expiry(conversation, configuration) or given_back(conversation, ports.clock())),
            ],
        )
    except (Erased, NotFound):
        return  # nobody is there to be told


def _say(
    conversation: Conversation,
    called: Called,
    action: Action,
    wordings: Wordings,
    actor: str,
    at: datetime,
) -> None:
    state, language = conversation.state, customers_language(conversation)
    plan = concluded(ANSWER, called, action, language)
    if plan.say is None or state.forgotten:
        return
    waits = state.handoff is not None and state.handoff.operator is None and state.handoff.category == ACTION
    if waits and called.ended:
        conversation.release(actor, at)
    elif state.handoff is not None or conversation.pending is not None:
        return
    conversation.say(wordings.told(plan.say.template, language, plan.say.values), ACTION, at)
    if plan.decision.kind == "hand_over":
        conversation.hand_over(ACTION, plan.decision.evidence, at)
