"""The evidence of a rule at a moment: what was looked at, and what comes of it."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from application.insight.alerts.known import Known
from application.ports import Looked
from domain.budgets.budget import Budget
from domain.insight.alerts.counted import start_of, windows_of
from domain.insight.alerts.figures import Figures, Reading, Window
from domain.insight.alerts.judging import measured
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.status import Evidence


def windows_for(rules: Mapping[str, Rule], at: datetime) -> dict[Window, bool]:
    """All that the rules that are switched on need, and whether one of them goes by how long answers took."""
    found: dict[Window, bool] = {}
    for rule in rules.values():
        for window in windows_of(at, rule.window, rule.before) if rule.enabled else ():
            if window.first < window.last:
                found[window] = found.get(window, False) or rule.of.timed
    return found


def of_the_rule(rule: Rule, figures: Figures | None) -> Figures | None:
    """Without how long answers took, where it does not go by that."""
    if figures is None or rule.of.timed:
        return figures
    return msgspec.structs.replace(figures, timed=0, p95_ms=None)


def evidence_of(rule: Rule, looked: Looked, known: Known, at: datetime) -> Evidence:
    window, before = windows_of(at, rule.window, rule.before)
    budget = daily_budget(rule, known.budget, at) if rule.of.budgeted else None
    evidence = Evidence(
        rule=rule,
        rules_version=known.versions.rules,
        position=looked.position,
        since=start_of(window.first) if rule.window else None,
        until=start_of(window.last) if rule.window else None,
        figures=of_the_rule(rule, looked.figures.get(window)) if looked.position is not None else None,
        before=of_the_rule(rule, looked.figures.get(before))
        if looked.position is not None and rule.of.baseline
        else None,
        operations=None if rule.of.replayable else looked.operations,
        budget=budget,
        budget_version=known.versions.budget if rule.of.budgeted else 0,
    )
    return measured(rule, reading_of(evidence), evidence)


def reading_of(evidence: Evidence) -> Reading | None:
    """What the metric goes by. None: it can't be told."""
    rule = evidence.rule
    if rule.window and evidence.figures is None:
        return None
    return Reading(
        figures=evidence.figures or Figures(),
        before=evidence.before or Figures(),
        operations=evidence.operations or Reading().operations,
        days=(rule.window_minutes or 0) / (24 * 60),
        budget=evidence.budget,
    )


def daily_budget(rule: Rule, budget: Budget | None, at: datetime) -> Decimal | None:
    """The rule's own, or the tenant's limit of a day, or that of the month by its days. None: there is none."""
    if rule.budget is not None:
        return rule.budget
    limits = None if budget is None else budget.state.limits
    if limits is None or limits.day is not None:
        return None if limits is None else limits.day
    return None if limits.month is None else limits.month / calendar.monthrange(at.year, at.month)[1]
