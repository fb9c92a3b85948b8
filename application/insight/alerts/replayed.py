"""States of alerts taken again from the log: figures counted from the events, budget and rule as they were, the state machine once more. Nothing is written.

First the evaluations on record are found; then the events that count are folded, and at the position that each was of its figures are told. What no
event tells (lag, parked work) is taken as it was observed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.insight.alerts.evidence import daily_budget, of_the_rule, reading_of
from application.ports import Store
from application.replay.decisions_report import Difference
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.budgets.budget import Budget
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.counted import UNMETERED, Slots, start_of, windows_of
from domain.insight.alerts.judging import Move, judge, measured
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.rules import AlertRules
from domain.insight.alerts.status import VERSION, Evidence
from domain.kinds import METERED

COUNTED = tuple(event.TOPIC for event in (*METERED, *UNMETERED))
STATES = tuple(
    event.TOPIC
    for event in (
        Alerts.Begun,
        Alerts.StateChanged,
        Alerts.ChangePending,
        Alerts.PendingDropped,
        Alerts.Told,
        Alerts.ToldElsewhere,
        Alerts.Silenced,
        Alerts.SilenceEnded,
        Alerts.Acknowledged,
    )
)
Evaluated = Alerts.StateChanged | Alerts.ChangePending | Alerts.PendingDropped


class AlertsReplay(msgspec.Struct, kw_only=True):
    """`older`: of an earlier version of the rule, which nobody has any more; they are left out."""

    evaluations: int = 0
    older: int = 0
    differing: int = 0
    rows: list[Difference] = []


async def replay_alerts(
    tenant: UUID, *, store: Store, rows: int = 1000, tell: Callable[[int], object] = lambda _: None
) -> AlertsReplay:
    """`rows`: of those that differ, at most. `tell` hears the position that it has come to."""
    found = AlertsReplay()
    history = [recorded async for recorded in store.events(tenant, topics=STATES)]
    due = [each for each in history if _evidence(each) is not None]
    again = await _measured_again(due, tenant, store, tell)
    alerts: Alerts | None = None
    for recorded in history:
        event, evidence = recorded.event, _evidence(recorded)
        if isinstance(event, Evaluated) and evidence is not None and alerts is not None:
            found.evaluations += 1
            if evidence.version != VERSION:
                found.older += 1
            else:
                _compare(found, recorded, event, alerts, again[recorded.position], rows)
        if event is not None:
            alerts = Alerts.replay([event], alerts)
    return found


def _evidence(recorded: Recorded) -> Evidence | None:
    event = recorded.event
    return event.evidence if isinstance(event, Evaluated) else None


async def _measured_again(
    due: list[Recorded], tenant: UUID, store: Store, tell: Callable[[int], object]
) -> Mapping[int, Evidence]:
    """Position of the evaluation → its evidence, counted once more."""
    found: dict[int, Evidence] = {}
    slots, waiting = Slots(), sorted(due, key=_position, reverse=True)

    async def take(before: int | None) -> None:
        while waiting and (before is None or _position(waiting[-1]) < before):
            each = waiting.pop()
            found[each.position] = await _again(each, slots, tenant, store)

    if waiting:
        async for recorded in store.events(tenant, topics=COUNTED):
            await take(recorded.position)
            if not waiting:
                break
            slots.fold(recorded)
            tell(recorded.position)
    await take(None)
    return found


def _position(recorded: Recorded) -> int:
    """Of the log, that the evidence is of."""
    evidence = _evidence(recorded)
    return 0 if evidence is None or evidence.position is None else evidence.position


async def _again(recorded: Recorded, slots: Slots, tenant: UUID, store: Store) -> Evidence:
    event, then = recorded.event, _evidence(recorded)
    assert event is not None
    assert then is not None
    assert isinstance(event, Evaluated)
    rule, at = await _rule(event.rule, then, tenant, store), event.timestamp
    window, before = windows_of(at, rule.window, rule.before)
    told = then.position is not None
    evidence = msgspec.structs.replace(
        then,
        rule=rule,
        since=start_of(window.first) if rule.window else None,
        until=start_of(window.last) if rule.window else None,
        figures=of_the_rule(rule, slots.figures(window)) if told and rule.window else None,
        before=of_the_rule(rule, slots.figures(before)) if told and rule.of.baseline else None,
        budget=await _budget(rule, then, at, tenant, store),
    )
    return measured(rule, reading_of(evidence), evidence)


async def _rule(name: str, then: Evidence, tenant: UUID, store: Store) -> Rule:
    """As the tenant had set it; a default as it was then."""
    if not then.rules_version:
        return then.rule
    rules = await store.load(AlertRules, AlertRules.id_of(tenant), tenant=tenant, version=then.rules_version)
    return rules.state.rules.get(name, then.rule)


async def _budget(rule: Rule, then: Evidence, at: datetime, tenant: UUID, store: Store) -> Any:
    if not rule.of.budgeted or not then.budget_version:
        return daily_budget(rule, None, at) if rule.of.budgeted else None
    budget = await store.load(Budget, Budget.id_of(tenant), tenant=tenant, version=then.budget_version)
    return daily_budget(rule, budget, at)


def _compare(
    found: AlertsReplay, recorded: Recorded, event: Evaluated, alerts: Alerts, again: Evidence, rows: int
) -> None:
    status = alerts.status(event.rule, again.rule, event.timestamp)
    move = judge(again.rule, status, again, event.timestamp)
    if move == _move(event) and again == event.evidence and status.state == event.before:
        return
    found.differing += 1
    if len(found.rows) < rows:
        facts = {"state": None if move is None else move.state, "evidence": msgspec.to_builtins(again)}
        found.rows.append(
            Difference(
                position=recorded.position,
                stream=f"alerts/{recorded.stream}",
                recorded=_facts(event),
                again=None if move is None else facts,
            )
        )


def _move(event: Evaluated) -> Move:
    if isinstance(event, Alerts.StateChanged):
        return Move(state=event.state)
    return Move(pending=event.pending) if isinstance(event, Alerts.ChangePending) else Move()


def _facts(event: Event) -> dict[str, Any]:
    columns = ("originator_id", "originator_version", "timestamp")
    facts = msgspec.to_builtins(event, str_keys=True)
    return {"kind": event.TOPIC, **{name: value for name, value in facts.items() if name not in columns}}
