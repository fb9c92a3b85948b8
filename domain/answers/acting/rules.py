"""A tenant's rules: which action is called for what the messages say, without a model. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.actions.declaration import Action, Declaration
from domain.actions.requests import Arguments, read_arguments
from domain.answers.decision import called_by_rule
from domain.answers.memory import Memory
from domain.answers.plan import Plan
from domain.answers.understanding import Understanding
from domain.gateway.complexity import fold

INSTEAD = (None, "returned", "confirmed")
"""Categories of decisions in whose place a rule may call an action: nothing else was decided but to answer."""


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
