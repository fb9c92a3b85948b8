"""What actions came to when an answer was made, in the place of calling them: a replay has nobody who could."""

from __future__ import annotations

from uuid import UUID

import msgspec
from msgspec.structs import replace

from application.actions.calling import CallRecord
from application.actions.settling import calls_of, known_call
from application.answers.prepared import Prepared
from application.conversations.act import action_named, called_of, with_plan
from application.learning.recorded import RecordedAnswer
from application.ports import Store
from domain.answers.acting.concluding import concluded
from domain.answers.acting.tools import has_tools, with_tools, without_calls
from domain.answers.decision import ACTION
from domain.answers.plan import Act


async def recalled(prepared: Prepared, *, recorded: RecordedAnswer, tenant: UUID, store: Store) -> Prepared:
    """As the calls were at the answer's position. Where another call would be made than then, its plan stays as it is: it has failed."""
    plan = prepared.considered.plan
    if recorded.decision.category != ACTION and not has_tools(recorded.prompt):
        return prepared
    made = await calls_of(recorded.interaction, tenant, store=store, until=recorded.position)
    if plan.say is None and has_tools(recorded.prompt):
        prepared = _with_turns(prepared, recorded)
        if recorded.decision.category == ACTION and made:
            return await _concluded(prepared, made[-1])
        return replace(prepared, called=tuple(record.call.id for record in made))
    if plan.act is None:
        return prepared
    if plan.act.call is not None:
        known = await known_call(plan.act.call, tenant, store=store, until=recorded.position)
    else:
        known = next((record for record in made if _is(record, plan.act)), None)
    return prepared if known is None else await _concluded(prepared, known)


def _with_turns(prepared: Prepared, recorded: RecordedAnswer) -> Prepared:
    """The prompt of whoever has tools, with what the model called and read then."""
    turns = recorded.prompt[len(without_calls(recorded.prompt)) :]
    prompt = (*with_tools(prepared.prompt, (), prepared.passages), *turns)
    asked = prepared.asked
    return replace(prepared, asked=replace(asked, request=replace(asked.request, prompt=prompt)))


async def _concluded(prepared: Prepared, record: CallRecord) -> Prepared:
    action = action_named(prepared, record.call.state.action)
    if action is None:
        return prepared
    plan = concluded(prepared.considered.plan, await called_of(record), action, prepared.language)
    return replace(with_plan(prepared, plan), called=(record.call.id,))


def _is(record: CallRecord, act: Act) -> bool:
    return record.call.state.action == act.action and record.arguments == msgspec.json.decode(act.arguments)
