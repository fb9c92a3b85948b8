"""The state machine of an alert, as pure functions: what a reading says, which change follows, and whether somebody is to be told.

As Grafana's: a change for the worse is pending for `for_minutes`, one for the better for `recover_minutes`; between the threshold and the line of
`hysteresis` the state stays. So a value that flaps about the threshold fires once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from domain.insight.alerts.figures import Reading
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.status import RANK, Evidence, Pending, State, Status

Telling = Literal["firing", "repeated", "resolved"]


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: it is this from now on; else `pending` is what begins (None: what was pending is dropped)."""

    state: State | None = None
    pending: Pending | None = None


def measured(rule: Rule, reading: Reading | None, evidence: Evidence) -> Evidence:
    """The evidence with what comes of it: value, units, level. `reading` None: nothing can be told."""
    if reading is None:
        return msgspec.structs.replace(evidence, value=None, units=0, level="unknown")
    value, units = rule.of.measure(reading)
    return msgspec.structs.replace(evidence, value=value, units=units, level=_level(rule, value, units))


def judge(rule: Rule, status: Status, evidence: Evidence, at: datetime) -> Move | None:
    """What follows from the evidence. None: nothing does."""
    target = _held(rule, status.state, evidence)
    if target == status.state:
        return Move() if status.pending is not None else None
    worse, better = RANK[target] > RANK[status.state], RANK[target] < RANK[status.state]
    if target == "unknown" or not (worse or better):
        return Move(state=target)
    direction: Literal["worse", "better"] = "worse" if worse else "better"
    wait = timedelta(minutes=rule.for_minutes if worse else rule.recover_minutes)
    pending = status.pending
    if pending is None or pending.direction != direction:
        return Move(state=target) if not wait else Move(pending=Pending(direction, at))
    return Move(state=target) if at - pending.since >= wait else None


def telling(rule: Rule | None, status: Status, at: datetime) -> Telling | None:
    """Whether somebody is to be told now, and what. `rule` None: it is gone, and tells at most that all is over."""
    if not status.firing:
        # What can't be told any more is not well: the incident goes on until it is known.
        return "resolved" if status.told is not None and status.state != "unknown" else None
    if rule is None or status.silenced(at):
        return None
    since = None if status.told_at is None else at - status.told_at
    if status.told is None:
        throttled = since is not None and since < timedelta(minutes=rule.throttle_minutes)
        return None if throttled else "firing"
    if RANK[status.state] > RANK[status.told]:
        return "firing"
    if status.acknowledged_at is not None or rule.repeat_minutes is None or since is None:
        return None
    return "repeated" if since >= timedelta(minutes=rule.repeat_minutes) else None


def _level(rule: Rule, value: float | None, units: int) -> State:
    if value is None or units < rule.minimum:
        return "no_data"
    if _beyond(rule, value, rule.threshold):
        return "alert"
    return "warning" if rule.warning is not None and _beyond(rule, value, rule.warning) else "ok"


def _held(rule: Rule, state: State, evidence: Evidence) -> State:
    """The level, or the state where the value is not better by enough."""
    level, value = evidence.level, evidence.value
    if value is None or level in ("unknown", "no_data") or RANK[level] >= RANK[state]:
        return level
    if state == "alert" and _beyond(rule, value, _clear(rule, rule.threshold)):
        return "alert"
    if rule.warning is not None and level == "ok" and _beyond(rule, value, _clear(rule, rule.warning)):
        return "warning"
    return level


def _clear(rule: Rule, line: float) -> float:
    by = abs(line) * rule.hysteresis
    return line - by if rule.comparison == "above" else line + by


def _beyond(rule: Rule, value: float, line: float) -> bool:
    return value > line if rule.comparison == "above" else value < line
