"""Act: what an answer does in the tenant's systems, and what the customer gets by what came of it.

Each call is saved before it is tried, and after it (`actions/calling.py`). An answer that begins again finds the calls of its interaction on record: what
was decided and what came of it are used again.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace

from application.actions.calling import CallRecord, Request, request_call
from application.actions.settling import calls_of, consent_and_call, decline_call, known_call, settle_tried
from application.answers.prepared import Prepared
from application.answers.screened import give_orders
from application.base.tasks import run_to_end
from application.conversations.ports import Ports
from domain.actions.call import MOST_CALLS, ActionCall, By, Decliner
from domain.actions.declaration import Action
from domain.actions.requests import Customer
from domain.actions.telling import texts_in
from domain.answers.acting.concluding import Called, concluded
from domain.answers.plan import Act, Plan, Situation
from domain.base.context import Context
from domain.conversations.conversation import Conversation

GIVES_ORDERS = "the result gives the agent orders"


async def act(
    prepared: Prepared,
    conversation: Conversation,
    interaction: UUID,
    situation: Situation,
    context: Context,
    ports: Ports,
) -> Prepared:
    """What was planned to be done, done; the plan says then what the customer gets. Nothing where nothing was planned, and the customer was not
    asked for their consent."""
    plan = prepared.considered.plan
    if plan.act is None:
        if situation.pending is None or situation.pending.call is None:
            return prepared
        return await _told_before(prepared, situation.pending.call, interaction, context, ports)
    doing = Doing(prepared, conversation, interaction, context, ports)
    found = await doing.do(plan.act)
    if found is None:
        return prepared
    prepared = with_plan(prepared, concluded(plan, *found, prepared.language))
    return replace(prepared, called=(found[0].id,))


async def _told_before(
    prepared: Prepared, id: UUID, interaction: UUID, context: Context, ports: Ports
) -> Prepared:
    """What the customer has consented to in this very interaction, before they wrote more, was done: that is said first."""
    record = await known_call(id, context.tenant, store=ports.store)
    action = None if record is None else action_named(prepared, record.call.state.action)
    if record is None or action is None or prepared.considered.plan.say is not None:
        return prepared
    if record.call.state.status in ("waiting", "declined"):
        return prepared
    plan = prepared.considered.plan
    said = concluded(plan, await called_of(record), action, prepared.language)
    if said.decision.kind == "hand_over":
        return with_plan(prepared, said)
    return with_plan(prepared, replace(plan, decision=said.decision, opening=said.say))


class Doing:
    """The calls of one interaction."""

    def __init__(
        self,
        prepared: Prepared,
        conversation: Conversation,
        interaction: UUID,
        context: Context,
        ports: Ports,
    ) -> None:
        state = conversation.state
        self._prepared, self._interaction = prepared, interaction
        self._conversation, self._context, self._ports = conversation.id, context, ports
        self._customer = Customer(
            channel=state.channel, address=state.address, name=state.name, conversation=conversation.id
        )

    async def do(self, act: Act) -> tuple[Called, Action] | None:
        """None where there is no such action, or call of this customer's, or no more is called in this answer."""
        if act.kind == "call":
            action = action_named(self._prepared, act.action)
            return None if action is None else await self.call(action, act.arguments, "rule")
        assert act.call is not None
        record = await known_call(act.call, self._context.tenant, store=self._ports.store)
        if record is None or record.call.state.conversation != self._conversation:
            return None
        action = action_named(self._prepared, record.call.state.action)
        if action is None:
            await self._decline(record, "withdrawn")
            return None
        if act.kind == "decline":
            record = await self._decline(record, "time" if act.late else "customer")
        elif record.call.state.status == "waiting":
            record = await self._consented(record.call, action)
        else:
            record = await self._settled(record, action)
        return await called_of(record), action

    async def call(self, action: Action, arguments: str, by: By) -> tuple[Called, Action] | None:
        """What is asked for in the same words was decided before, and counts; None where there are MOST_CALLS already."""
        known = await self.known()
        for record in known:
            if record.call.state.action == action.name and _same(record, arguments):
                return await called_of(await self._settled(record, action)), action
        if len(known) >= MOST_CALLS:
            return None
        wanted = Request(
            conversation=self._conversation,
            interaction=self._interaction,
            number=len(known),
            arguments=arguments,
            declared=self._prepared.actions_version,
            by=by,
        )
        made = await run_to_end(request_call(wanted, action, self._customer, self._context, self._ports))
        return await called_of(made), action

    async def known(self) -> Sequence[CallRecord]:
        return await calls_of(self._interaction, self._context.tenant, store=self._ports.store)

    async def settle(self, record: CallRecord) -> Called:
        """A call of the interaction as it stands, once it is no more under way."""
        action = action_named(self._prepared, record.call.state.action)
        return await called_of(record if action is None else await self._settled(record, action))

    async def _consented(self, call: ActionCall, action: Action) -> CallRecord:
        return await run_to_end(
            consent_and_call(
                call, action, self._customer, self._context, self._ports, interaction=self._interaction
            )
        )

    async def _settled(self, record: CallRecord, action: Action) -> CallRecord:
        """Tried by somebody who was stopped before it was known what came of it: tried again where that has one effect, else nobody knows."""
        return await run_to_end(settle_tried(record, action, self._customer, self._context, self._ports))

    async def _decline(self, record: CallRecord, by: Decliner) -> CallRecord:
        if record.call.state.status not in ("waiting", "ready"):
            return record
        return await decline_call(record.call.id, by, self._context, self._ports)


async def called_of(record: CallRecord) -> Called:
    """As an answer sees it: a result that gives the agent orders goes nowhere."""
    state, withheld = record.call.state, record.call.state.withheld
    if withheld is None and record.result is not None and any(await give_orders(texts_in(record.result))):
        withheld = GIVES_ORDERS
    return Called(
        id=record.call.id,
        number=state.number,
        action=state.action,
        conversation=state.conversation,
        status=state.status,
        consent=state.consent,
        reads=state.effect == "read",
        until=state.until,
        arguments=record.arguments,
        result=None if withheld else record.result,
        withheld=withheld,
        reason=state.reason,
    )


def action_named(prepared: Prepared, name: str) -> Action | None:
    return next((action for action in prepared.actions if action.name == name), None)


def _same(record: CallRecord, arguments: str) -> bool:
    return record.arguments is not None and record.arguments == msgspec.json.decode(arguments)


def with_plan(prepared: Prepared, plan: Plan) -> Prepared:
    return replace(prepared, considered=replace(prepared.considered, plan=plan))
