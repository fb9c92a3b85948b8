"""Calls of actions that are on record: consented to, declined, or tried by somebody who was stopped before it was known what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from application.actions.calling import CallRecord, make_call, owed, read_call
from application.actions.ports import Ports
from application.ports import ACTION_WORK, Done, Store
from domain.actions.call import MOST_ATTEMPTS, MOST_CALLS, ActionCall, Decliner, call_of
from domain.actions.declaration import Action
from domain.actions.requests import Customer
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound, Refused

LOST = "it was tried, and no answer is on record"


async def known_call(id: UUID, tenant: UUID, *, store: Store, until: int | None = None) -> CallRecord | None:
    try:
        return await read_call(id, tenant, store=store, until=until)
    except NotFound:
        return None


async def calls_of(
    interaction: UUID, tenant: UUID, *, store: Store, until: int | None = None
) -> Sequence[CallRecord]:
    """The calls of an interaction, in order; as they were at the position `until`."""
    found: list[CallRecord] = []
    while len(found) < MOST_CALLS:
        record = await known_call(call_of(interaction, len(found)), tenant, store=store, until=until)
        if record is None:
            break
        found.append(record)
    return found


async def consent_and_call(
    call: ActionCall,
    action: Action,
    customer: Customer,
    context: Context,
    ports: Ports,
    *,
    interaction: UUID,
) -> CallRecord:
    """By the customer, in an interaction. Consent and attempt are one save: a call that was consented to is on its way, or was never begun."""
    at = ports.clock()
    try:
        call.consent(at, interaction=interaction)
    except Refused:  # too late
        return await decline_call(call.id, "time", context, ports)
    call.attempt(at)
    try:
        await ports.store.save(call, context=context, work=owed(call, action, at))
    except Conflict:
        record = await read_call(call.id, context.tenant, store=ports.store)
        return await settle_tried(record, action, customer, context, ports)
    return await make_call(call, action, customer, context, ports, begun=True)


async def settle_tried(
    record: CallRecord, action: Action, customer: Customer, context: Context, ports: Ports
) -> CallRecord:
    """Tried again with the same key, where that has one effect; else nobody knows what came of it."""
    call = record.call
    if call.state.status != "attempted":
        return record
    if may_call_again(call):
        return await make_call(call, action, customer, context, ports)
    return await lose_call(call, context, ports)


async def lose_call(call: ActionCall, context: Context, ports: Ports) -> CallRecord:
    call.lose(LOST, ports.clock())
    await ports.store.save(call, context=context, work=[Done(kind=ACTION_WORK, key=call.id.hex)])
    return await read_call(call.id, context.tenant, store=ports.store)


async def decline_call(
    id: UUID, by: Decliner, context: Context, ports: Ports, *, operator: UUID | None = None
) -> CallRecord:
    """It is not made. Raises NotFound, Conflict where it was tried."""
    call = await ports.store.load(ActionCall, id, tenant=context.tenant)
    call.decline(by, ports.clock(), operator=operator)
    if call.pending_events:
        await ports.store.save(call, context=context, work=[Done(kind=ACTION_WORK, key=id.hex)])
    return await read_call(id, context.tenant, store=ports.store)


def may_call_again(call: ActionCall) -> bool:
    state = call.state
    return state.status == "attempted" and state.repeatable and state.attempts < MOST_ATTEMPTS
