"""A message about an alert, and the work of sending it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from application.ports import Due
from domain.insight.alerts.judging import Telling
from domain.insight.alerts.message import AlertMessage
from domain.insight.alerts.rule import Rule, Severity
from domain.insight.alerts.status import Evidence, Status

SEND_WORK = "send_alert"
"""A message, by a channel: their hex, a stroke between."""


def due_of(notification: UUID, channel: UUID, at: datetime) -> Due:
    return Due(kind=SEND_WORK, key=f"{notification.hex}/{channel.hex}", due_at=at)


def message_of(
    what: Telling,
    name: str,
    rule: Rule | None,
    status: Status,
    evidence: Evidence | None,
    tenant: str,
    at: datetime,
) -> AlertMessage:
    assert status.incident is not None
    return AlertMessage(
        what=what,
        rule=name,
        state=status.state,
        severity=_severity(rule, status),
        incident=status.incident,
        at=at,
        since=status.since,
        tenant=tenant,
        description="" if rule is None else rule.description,
        evidence=evidence,
    )


def _severity(rule: Rule | None, status: Status) -> Severity:
    if rule is None:
        return "info"
    return "warning" if status.state == "warning" else rule.severity
