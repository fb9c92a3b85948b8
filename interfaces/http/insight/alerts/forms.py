"""Alerts as they go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from application.insight.alerts.standing import Standing
from domain.insight.alerts.channels import AlertChannel
from domain.insight.alerts.metrics import Unit
from domain.insight.alerts.rule import Rule, Severity
from domain.insight.alerts.status import Evidence, Pending, State, Status


class SilenceIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`until`: at most 90 days ahead. `reason`: why nobody is to be told."""

    until: Annotated[datetime, Meta(tz=True)]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class AcknowledgeIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`note`: for the others."""

    note: Annotated[str, Meta(max_length=500)] = ""


class SilenceOut(msgspec.Struct, frozen=True, kw_only=True):
    until: datetime
    reason: str
    by: str


class AcknowledgedOut(msgspec.Struct, frozen=True, kw_only=True):
    at: datetime
    by: str
    note: str


class AlertOut(msgspec.Struct, frozen=True, kw_only=True):
    """`since`: null where the state is as it began. `value` at the last change, in `unit`; `position` up to which events it is of. `pending`: a change
    that must hold for a while first. `incident`: from the first time that it fires until all is well. `told_at`: when somebody was told last."""

    rule: str
    metric: str
    unit: Unit
    enabled: bool
    severity: Severity
    state: State
    since: datetime | None
    value: float | None
    threshold: float
    warning: float | None
    position: int | None
    pending: Pending | None
    incident: UUID | None
    told_at: datetime | None
    silence: SilenceOut | None
    acknowledged: AcknowledgedOut | None


class AlertChangeOut(msgspec.Struct, frozen=True, kw_only=True):
    """`evidence`: what it was decided by; null where nothing was measured, as for a rule that was switched off."""

    position: int
    rule: str
    before: State
    state: State
    at: datetime
    value: float | None
    reason: str
    evidence: Evidence | None


class AlertRuleOut(msgspec.Struct, frozen=True, kw_only=True):
    """`default`: as every tenant has it."""

    name: str
    default: bool
    rule: Rule


class MetricOut(msgspec.Struct, frozen=True, kw_only=True):
    """`shortest` and `longest` window in minutes, null where it is as of now. `baseline`: it compares with the time before the window."""

    name: str
    unit: Unit
    text: str
    shortest: int | None
    longest: int | None
    baseline: bool


Settings = dict[Annotated[str, Meta(min_length=1, max_length=60)], Annotated[str, Meta(max_length=2000)]]


class AlertChannelIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`kind`: email (`to`), slack (`url`), pagerduty (`routing_key`, `region`), webhook (`url`, `secret`); `settings` are in brackets."""

    kind: Annotated[str, Meta(min_length=1, max_length=60)]
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    settings: Settings
    enabled: bool = True

    def __repr__(self) -> str:
        return f"AlertChannelIn(kind={self.kind!r}, name={self.name!r})"


class AlertChannelChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A secret that is left out of `settings` stays as it is."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    settings: Settings
    enabled: bool = True

    def __repr__(self) -> str:
        return f"AlertChannelChange(name={self.name!r})"


class AlertChannelOut(msgspec.Struct, frozen=True, kw_only=True):
    """`secrets`: the names of those that are set; they are never shown. `failing`: why nothing gets through since `failing_since`; null: it works."""

    id: UUID
    kind: str
    name: str
    settings: dict[str, str]
    secrets: tuple[str, ...]
    enabled: bool
    failing: str | None
    failing_since: datetime | None


class AlertTestOut(msgspec.Struct, frozen=True, kw_only=True):
    """`sent`: the other side has taken it; else `reason` says why not."""

    sent: bool
    reason: str | None


def shown_alert(each: Standing, at: datetime) -> AlertOut:
    rule, status = each.rule, each.status
    return AlertOut(
        rule=each.name,
        metric=rule.metric,
        unit=rule.of.unit,
        enabled=rule.enabled,
        severity=rule.severity,
        state=status.state,
        since=status.since if each.recorded else None,
        value=status.value,
        threshold=rule.threshold,
        warning=rule.warning,
        position=status.position,
        pending=status.pending,
        incident=status.incident,
        told_at=status.told_at,
        silence=_silence(status, at),
        acknowledged=_acknowledged(status),
    )


def shown_channel(channel: AlertChannel) -> AlertChannelOut:
    return AlertChannelOut(
        id=channel.id,
        kind=channel.kind,
        name=channel.name,
        settings=channel.settings,
        secrets=tuple(sorted(channel.secrets)),
        enabled=channel.enabled,
        failing=channel.failing,
        failing_since=channel.failing_since,
    )


def _silence(status: Status, at: datetime) -> SilenceOut | None:
    if status.silenced_until is None or not status.silenced(at):
        return None
    return SilenceOut(until=status.silenced_until, reason=status.silence_reason, by=status.silenced_by)


def _acknowledged(status: Status) -> AcknowledgedOut | None:
    if status.acknowledged_at is None:
        return None
    return AcknowledgedOut(at=status.acknowledged_at, by=status.acknowledged_by, note=status.acknowledgement)
