"""What people read of an alert: a title of one line and a text, the same for every channel. No customer's text is ever in it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.insight.alerts.metrics import Unit
from domain.insight.alerts.rule import Severity
from domain.insight.alerts.status import Evidence, State

What = Literal["firing", "repeated", "resolved", "test", "undelivered"]


class AlertMessage(msgspec.Struct, frozen=True, kw_only=True):
    """`incident` is the same from the first message to the one that it is over. `since`: of this state. `note`: beside the facts, why it is sent."""

    what: What
    rule: str
    state: State
    severity: Severity
    incident: UUID
    at: datetime
    since: datetime
    tenant: str
    description: str = ""
    evidence: Evidence | None = None
    note: str = ""

    @property
    def title(self) -> str:
        """One line."""
        word = {
            "firing": self.state.upper(),
            "repeated": f"STILL {self.state.upper()}",
            "resolved": "RESOLVED",
            "test": "TEST",
            "undelivered": "NOT DELIVERED",
        }[self.what]
        measured = self._measured()
        return f"[{word}] {self.tenant}: {self.rule}" + (f", {measured}" if measured else "")

    @property
    def text(self) -> str:
        """Some lines."""
        lines = [self.description, self.note]
        if self.evidence is not None:
            rule, evidence = self.evidence.rule, self.evidence
            bad = "more than" if rule.comparison == "above" else "less than"
            lines.append(
                f"{rule.metric}: {self._measured()} (alert: {bad} {shown(rule.threshold, rule.of.unit)})"
            )
            if evidence.since is not None and evidence.until is not None:
                units = f", {evidence.units} units" if evidence.units else ""
                lines.append(f"from {_time(evidence.since)} to {_time(evidence.until)}{units}")
        lines.append(f"{self.state} since {_time(self.since)}; incident {self.incident}")
        return "\n".join(line for line in lines if line)

    def _measured(self) -> str:
        if self.evidence is None or self.evidence.value is None:
            return ""
        return shown(self.evidence.value, self.evidence.rule.of.unit)


def shown(value: float, unit: Unit) -> str:
    """A figure with its unit."""
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:.4g} USD" if unit == "USD" else f"{value:.4g}" + (" s" if unit == "seconds" else "")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
