"""States of alerts, and the evidence of each change."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec

from domain.insight.alerts.figures import Figures, Operations
from domain.insight.alerts.rule import Rule

State = Literal["unknown", "no_data", "ok", "warning", "alert"]
"""unknown: the figures can't be told, as while the read model is behind; no_data: too few units in the window."""

RANK: dict[State, int] = {"unknown": 0, "no_data": 0, "ok": 0, "warning": 1, "alert": 2}
"""How bad it is; from 1 on the alert fires."""

VERSION = 1
"""Of how metrics are measured and states decided; evidence of another version is not taken again."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a state was decided by. `figures` of [`since`, `until`) and `before` of the time before it, both of the events up to `position`;
    None: they could not be told. `rules_version`: of the tenant's rules, 0 where it has set none; `budget_version` likewise."""

    version: int = VERSION
    rule: Rule
    rules_version: int = 0
    position: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    figures: Figures | None = None
    before: Figures | None = None
    operations: Operations | None = None
    budget: Decimal | None = None
    budget_version: int = 0
    value: float | None = None
    units: int = 0
    level: State = "unknown"
    """What the value alone says."""


class Pending(msgspec.Struct, frozen=True):
    """A change that must hold for a while first."""

    direction: Literal["worse", "better"]
    since: datetime


class Status(msgspec.Struct, kw_only=True):
    """Of one rule. `value`: at the last change. `told`: the worst level of this incident that somebody was told of; `told_at`: when last.
    `incident`: from the first time that it fires until all is well. `noted`: the last message of this incident."""

    state: State
    since: datetime
    value: float | None = None
    position: int | None = None
    pending: Pending | None = None
    incident: UUID | None = None
    told: State | None = None
    told_at: datetime | None = None
    told_channels: tuple[UUID, ...] = ()
    noted: UUID | None = None
    silenced_until: datetime | None = None
    silence_reason: str = ""
    silenced_by: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    acknowledgement: str = ""

    @property
    def firing(self) -> bool:
        return RANK[self.state] > 0

    def silenced(self, at: datetime) -> bool:
        return self.silenced_until is not None and at < self.silenced_until


def initial(rule: Rule, at: datetime) -> Status:
    """Before anything has happened: no data, or for a metric that counts what goes wrong, ok."""
    return Status(state="ok" if rule.of.quiet and rule.comparison == "above" else "no_data", since=at)
