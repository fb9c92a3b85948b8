"""What came of a call: what the customer is told, asked or handed over for by it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.actions.call import Status
from domain.actions.declaration import Action, Declaration
from domain.actions.telling import question, told
from domain.answers.decision import ACTION, VERSION
from domain.answers.memory import Pending
from domain.answers.plan import Decision, Plan, Say
from domain.answers.templates import (
    ACTION_CONFIRM,
    ACTION_DECLINED,
    ACTION_DONE,
    ACTION_FAILED,
    ACTION_LATE,
    ACTION_PLAIN,
    ACTION_UNKNOWN,
    ACTION_WAITING,
)


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it stands. `arguments` None: the customer was erased. `result`: of one that is done; `withheld`: why it goes nowhere."""

    id: UUID
    number: int
    action: str
    conversation: UUID
    status: Status
    consent: Literal["none", "customer", "operator"]
    reads: bool
    until: datetime | None = None
    arguments: Mapping[str, Any] | None = None
    result: Any = None
    withheld: str | None = None
    reason: str | None = None

    @property
    def ended(self) -> bool:
        return self.status in ("done", "failed", "declined")


def concluded(plan: Plan, call: Called, action: Action, language: str | None) -> Plan:
    """With what the customer gets by what came of the call."""
    declared = action.declared
    evidence = (f"action: {call.action}", f"call: {call.id}", f"status: {call.status}")
    decided = Decision(
        kind="answer",
        category=ACTION,
        evidence=tuple(dict.fromkeys((*plan.decision.evidence, *evidence))),
        rule=VERSION,
    )
    plan = replace(plan, decision=decided)
    if call.status == "done":
        return replace(plan, say=_done(declared, language, call))
    if call.status == "waiting" and call.consent == "customer":
        what = question(call.action, declared, language, call.arguments or {})
        return replace(
            plan,
            decision=replace(decided, kind="ask_back"),
            say=Say(template=ACTION_CONFIRM.name, values={"what": what}),
            asks=Pending(kind="act", question=what, call=call.id, until=call.until),
        )
    if call.status == "waiting":
        return _handed_over(plan, ACTION_WAITING.name)
    if call.status == "declined":
        return replace(
            plan, say=Say(template=ACTION_LATE.name if call.reason == "time" else ACTION_DECLINED.name)
        )
    if call.status == "failed" or call.reads:
        return replace(plan, say=Say(template=ACTION_FAILED.name))
    return _handed_over(plan, ACTION_UNKNOWN.name)


def pauses(call: Called) -> bool:
    """Whether it is no more the model's: a person is to say something first."""
    return call.status == "waiting" or (call.status in ("attempted", "unknown") and not call.reads)


def _done(declared: Declaration, language: str | None, call: Called) -> Say:
    text = "" if call.withheld else told(declared, language, call.arguments or {}, call.result)
    if not text.strip():
        return Say(template=ACTION_FAILED.name if call.reads else ACTION_PLAIN.name)
    return Say(template=ACTION_DONE.name, values={"told": text})


def _handed_over(plan: Plan, template: str) -> Plan:
    return replace(
        plan, decision=replace(plan.decision, kind="hand_over"), say=Say(template=template), asks=None
    )
