"""Actions within an answer: which one a tenant's rule calls, and what the customer is told, asked or handed over for by what came of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.actions.call import Status
from domain.actions.declaration import Action, Declaration
from domain.actions.requests import Arguments, read_arguments
from domain.actions.telling import question, told
from domain.answers.decision import ACTION, VERSION, called_by_rule
from domain.answers.memory import Memory, Pending
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
from domain.answers.understanding import Understanding
from domain.gateway.complexity import fold

INSTEAD = (None, "returned", "confirmed")
"""Categories of decisions in whose place a rule may call an action: nothing else was decided but to answer."""


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


def by_rule(
    plan: Plan, understanding: Understanding, memory: Memory, texts: Sequence[str], actions: Sequence[Action]
) -> Plan:
    """The plan, or in its place that a tenant's rule calls an action: the first one in the order of their names."""
    if not actions or plan.say is not None or plan.decision.category not in INSTEAD:
        return plan
    said = f" {_words(' '.join(texts))} "
    intents = {intent.name for intent in understanding.intents}
    for action in actions:
        rule = action.declared.rule
        if rule is None:
            continue
        heard = next((word for word in rule.words if f" {_words(word)} " in said), None)
        meant = next((name for name in rule.intents if name in intents), None)
        if heard is None and meant is None:
            continue
        found = _found(action.declared, understanding, memory)
        if found is not None:
            evidence = f"word: {heard}" if heard is not None else f"intent: {meant}"
            return called_by_rule(action.name, found.text, evidence)
    return plan


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


def _found(declared: Declaration, understanding: Understanding, memory: Memory) -> Arguments | None:
    """The arguments of a rule's action, of what these messages name, or else of what is known from before; None where one that is required is
    not known, or they do not fit."""
    rule = declared.rule
    assert rule is not None
    known = {fact.kind: fact.value for fact in memory.facts}
    known |= {entity.kind: entity.value for entity in reversed(understanding.entities)}
    given: dict[str, Any] = {}
    properties = declared.arguments.get("properties", {})
    for name, kind in rule.arguments.items():
        if kind in known:
            given[name] = _typed(properties.get(name, {}), known[kind])
    arguments = read_arguments(declared, msgspec.json.encode(given).decode())
    return None if arguments.faults else arguments


def _typed(schema: Mapping[str, Any], value: str) -> Any:
    """As the schema has it; a text otherwise, which the schema may refuse."""
    try:
        if schema.get("type") == "integer":
            return int(value)
        if schema.get("type") == "number":
            return float(value)
    except ValueError:
        return value
    return value


def _words(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in fold(text)).split())
