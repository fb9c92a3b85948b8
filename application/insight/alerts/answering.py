"""What people do about an alert: silence it for a while, acknowledge it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from application.base.setting import Changed, change_setting, load_setting
from application.insight.alerts.ports import Ports
from domain.base.context import Context
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.rules import AlertRules, rule_of


class SilenceAlert(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    until: datetime
    reason: str


class EndSilence(msgspec.Struct, frozen=True, kw_only=True):
    rule: str


class AcknowledgeAlert(msgspec.Struct, frozen=True, kw_only=True):
    rule: str
    note: str = ""


class AlertStands(msgspec.Struct, frozen=True, kw_only=True):
    rule: Rule
    alerts: Alerts
    version: int
    position: int


async def silence_alert(command: SilenceAlert, context: Context, ports: Ports) -> AlertStands:
    """Nobody is told that it fires until then. Raises NotFound, Invalid."""

    def decide(alerts: Alerts, rule: Rule) -> None:
        at = ports.clock()
        alerts.silence(command.rule, rule, command.until, command.reason, context.actor, at)

    return await _change(command.rule, decide, context, ports)


async def end_silence(command: EndSilence, context: Context, ports: Ports) -> AlertStands:
    """From now on people are told again. Raises NotFound."""

    def decide(alerts: Alerts, rule: Rule) -> None:
        alerts.end_silence(command.rule, context.actor, ports.clock())

    return await _change(command.rule, decide, context, ports)


async def acknowledge_alert(command: AcknowledgeAlert, context: Context, ports: Ports) -> AlertStands:
    """Nobody is told again of this incident, unless it gets worse. Raises NotFound, Invalid, Refused."""

    def decide(alerts: Alerts, rule: Rule) -> None:
        alerts.acknowledge(command.rule, command.note, context.actor, ports.clock())

    return await _change(command.rule, decide, context, ports)


async def _change(
    name: str, decide: Callable[[Alerts, Rule], None], context: Context, ports: Ports
) -> AlertStands:
    rule = rule_of(await load_setting(AlertRules, context.tenant, store=ports.store), name)
    changed: Changed[Alerts] = await change_setting(
        Alerts, lambda alerts: decide(alerts, rule), context, store=ports.store, clock=ports.clock
    )
    return AlertStands(rule=rule, alerts=changed.setting, version=changed.version, position=changed.position)
