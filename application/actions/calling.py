"""Calling an action: on record before it is tried, and after it; tried again with the same key where that has one effect.

Whoever is stopped in between leaves a row of work, which settles the call (`conversations/settle_call.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from application.actions.ports import Ports
from application.base.steps import step
from application.ports import ACTION_WORK, Came, Done, Due, Outgo, Store
from domain.actions.call import MOST_ATTEMPTS, ActionCall, By, call_of
from domain.actions.declaration import Action
from domain.actions.requests import Customer, body_of, whole_arguments
from domain.actions.schema import faults
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound
from domain.base.signing import headers

GRACE = timedelta(seconds=20)
"""After a call's time, until the work settles it."""

AT_ONCE, PAUSE = 2, 0.4
"""Attempts while somebody waits for the answer, and seconds between them. The work makes the others."""

RACES = 5


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A call with its texts. `arguments` None: the customer was erased."""

    call: ActionCall
    arguments: Mapping[str, Any] | None
    result: Any = None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for within an answer, `number` in the interaction's order. `arguments`: a JSON text that fits the action's schema."""

    conversation: UUID
    interaction: UUID
    number: int
    arguments: str
    declared: int
    by: By


async def read_call(id: UUID, tenant: UUID, *, store: Store, until: int | None = None) -> CallRecord:
    """As of now, or of a position of the log `until` which it is read only. Raises NotFound."""
    call = await store.load(ActionCall, id, tenant=tenant)
    arguments, result = None, None
    known: list[ActionCall.Event] = []
    async for recorded in store.stream(tenant, id):
        if until is not None and recorded.position > until:
            break
        if isinstance(recorded.event, ActionCall.Event):
            known.append(recorded.event)
        if isinstance(recorded.event, ActionCall.Requested):
            arguments = recorded.event.arguments
        elif isinstance(recorded.event, ActionCall.Completed):
            result = recorded.event.result
    if until is not None:
        then = ActionCall.replay(known)
        if then is None:
            raise NotFound(f"the call {id} was not there yet")
        call = then
    return CallRecord(
        call=call,
        arguments=None if arguments is None else msgspec.json.decode(arguments),
        result=None if result is None else msgspec.json.decode(result),
    )


async def request_call(
    wanted: Request, action: Action, customer: Customer, context: Context, ports: Ports
) -> CallRecord:
    """Put it on record, and make it unless somebody is to consent first. Where it is on record already, that counts."""
    declared, at = action.declared, ports.clock()
    call = ActionCall.request(
        conversation=wanted.conversation,
        interaction=wanted.interaction,
        number=wanted.number,
        action=action.name,
        declared=wanted.declared,
        effect=declared.effect,
        consent=declared.consent,
        repeatable=declared.may_repeat,
        counts_as=declared.counts_as,
        by=wanted.by,
        arguments=wanted.arguments,
        minutes=declared.minutes,
        at=at,
    )
    if call.state.status == "ready":
        call.attempt(at)
    try:
        await ports.store.save(call, context=context, work=owed(call, action, at))
    except Conflict:
        return await read_call(call_of(wanted.interaction, wanted.number), context.tenant, store=ports.store)
    if call.state.status == "waiting":
        return CallRecord(call=call, arguments=msgspec.json.decode(wanted.arguments))
    return await make_call(call, action, customer, context, ports, begun=True)


@step("call_action")
async def make_call(
    call: ActionCall,
    action: Action,
    customer: Customer,
    context: Context,
    ports: Ports,
    *,
    begun: bool = False,
    at_once: int = AT_ONCE,
) -> CallRecord:
    """Make a call that may be made, or that was tried and may be tried again. `begun`: its attempt is on record. Raises Refused, Conflict."""
    for left in reversed(range(at_once)):
        if not begun:
            at = ports.clock()
            call.attempt(at)
            await ports.store.save(call, context=context, work=owed(call, action, at))
        begun = False
        record = await read_call(call.id, context.tenant, store=ports.store)
        if record.arguments is None:
            came = Came(outcome="failed", reason="the customer was erased")
        else:
            came = await _called(record, action, customer, ports)
        again = came.outcome != "done" and came.again and call.state.repeatable
        if again and left and call.state.attempts < MOST_ATTEMPTS:
            asked = PAUSE if came.retry_after is None else came.retry_after.total_seconds()
            await asyncio.sleep(min(asked, 2.0))
            continue
        await _settle(call.id, action, came, context, ports)
        break
    return await read_call(call.id, context.tenant, store=ports.store)


async def _called(record: CallRecord, action: Action, customer: Customer, ports: Ports) -> Came:
    call, declared = record.call, action.declared
    arguments = whole_arguments(declared, record.arguments or {}, customer)
    body = body_of(call.id, action.name, arguments, customer, call.state.requested_at)
    secrets = [action.secret, *([action.earlier] if action.earlier else [])]
    outgo = Outgo(
        key=str(call.id),
        headers=headers(str(call.id), ports.clock(), body, secrets),
        body=body,
        arguments=arguments,
        authorization=None if action.authorization is None else action.authorization.decode(),
        seconds=declared.timeout_seconds,
    )
    came = await ports.action_caller.call(declared.target, outgo)
    if came.outcome == "done" and came.withheld is None and declared.result is not None:
        found = faults(declared.result, None if came.result is None else msgspec.json.decode(came.result))
        if found:
            return msgspec.structs.replace(came, withheld=f"the result does not fit its schema: {found[0]}")
    return came


async def _settle(id: UUID, action: Action, came: Came, context: Context, ports: Ports) -> None:
    """What came of it, on record. Somebody else's word that came first stands, unless that was that nobody knows."""
    for race in range(RACES):
        call = await ports.store.load(ActionCall, id, tenant=context.tenant)
        at = ports.clock()
        took = 0.0
        if call.state.attempted_at is not None:
            took = max(0.0, (at - call.state.attempted_at).total_seconds() * 1000)
        work: Sequence[Due | Done] = [Done(kind=ACTION_WORK, key=id.hex)]
        if call.state.status not in ("attempted", "unknown"):
            return
        if came.outcome == "done":
            result = None if came.result is None else came.result.decode()
            call.complete(result, at, latency_ms=round(took, 3), withheld=came.withheld)
        elif came.outcome == "failed" or call.state.effect == "read":
            call.fail(came.reason, at, latency_ms=round(took, 3))
        elif call.state.repeatable and call.state.attempts < MOST_ATTEMPTS:
            return  # the work tries it again
        else:
            call.lose(came.reason, at)
        try:
            if call.pending_events:
                await ports.store.save(call, context=context, work=work)
            return
        except Conflict:
            if race == RACES - 1:
                raise


def owed(call: ActionCall, action: Action, at: datetime) -> list[Due | Done]:
    """A call that was begun is settled, whoever ends; one that waits for the customer does not wait for ever."""
    if call.state.status == "attempted":
        due = at + timedelta(seconds=action.declared.timeout_seconds) + GRACE
        return [Due(kind=ACTION_WORK, key=call.id.hex, due_at=due)]
    if call.state.until is not None:
        return [Due(kind=ACTION_WORK, key=call.id.hex, due_at=call.state.until)]
    return []
