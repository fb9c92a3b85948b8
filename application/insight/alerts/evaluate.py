"""A look at a tenant's alerts, as work: what each rule says now, on record where it says something else than before, and told to people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from application.base.setting import load_setting
from application.base.together import change_together
from application.insight.alerts.evidence import evidence_of, windows_for
from application.insight.alerts.known import Known
from application.insight.alerts.ports import Ports
from application.insight.alerts.tell import due_of, message_of
from application.ports import Due, Looked, Unavailable
from domain.base.context import Context
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.channels import AlertChannels, chosen
from domain.insight.alerts.judging import judge, telling
from domain.insight.alerts.notification import AlertNotification
from domain.insight.alerts.planning import next_look, settled
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.rules import rules_of
from domain.insight.alerts.status import Evidence
from domain.tenancy.tenant import Tenant

RACES = 5
"""Looks in a row at what somebody else has just changed."""

GONE = "the rule was removed or switched off"


class _Deciding(msgspec.Struct, kw_only=True):
    """What is changed together."""

    alerts: Alerts
    channels: AlertChannels | None
    notifications: list[AlertNotification] = []
    work: list[Due] = []


async def evaluate_alerts(context: Context, ports: Ports) -> datetime:
    """When to look again, unless something happens before. Nothing is saved where nothing has changed."""
    tenant, at = context.tenant, ports.clock()
    known, looked = await _look(tenant, at, ports)
    rules = rules_of(known.rules)
    found = {name: evidence_of(rule, looked, known, at) for name, rule in rules.items() if rule.enabled}
    alerts = known.alerts or Alerts.begin(tenant, at)
    if _anything(known, alerts, found, at):
        await _record(found, rules, context, ports, at)
        return next_look(tenant, ports.clock(), ports.alert_interval, quiet=False)
    whole = looked.position is not None and not looked.operations.lag_seconds
    quiet = whole and settled((alerts.status(name, each.rule, at) for name, each in found.items()), at)
    return next_look(tenant, ports.clock(), ports.alert_interval, quiet)


async def _look(tenant: UUID, at: datetime, ports: Ports) -> tuple[Known, Looked]:
    """What is known is as the figures were read: where it has moved on meanwhile, once more."""
    known = ports.known_alerts.get(tenant)
    for _ in range(RACES):
        looked = await ports.alert_figures.look(tenant, windows_for(rules_of(known.rules), at))
        if looked.versions == known.versions:
            return known, looked
        known = await ports.known_alerts.load(tenant, store=ports.store)
    raise Unavailable("the alerts were changed again and again while they were looked at; try again")


def _anything(known: Known, alerts: Alerts, found: Mapping[str, Evidence], at: datetime) -> bool:
    """Whether something follows, or somebody is to be told: where there is nobody, an alert may fire for days."""
    for name, evidence in found.items():
        status = alerts.status(name, evidence.rule, at)
        if judge(evidence.rule, status, evidence, at) is not None:
            return True
        what = telling(evidence.rule, status, at)
        if what == "resolved" or (what is not None and chosen(known.channels, evidence.rule.channels)):
            return True
    return any(_leaves(alerts, name) for name in alerts.state.statuses if name not in found)


def _leaves(alerts: Alerts, name: str) -> bool:
    status = alerts.state.statuses[name]
    return status.state != "no_data" or status.told is not None or status.pending is not None


async def _record(
    found: Mapping[str, Evidence], rules: Mapping[str, Rule], context: Context, ports: Ports, at: datetime
) -> None:
    tenant, store = context.tenant, ports.store
    whose = (await store.latest(Tenant, tenant, tenant=tenant)).state
    if whose.status == "removed":
        return

    async def load() -> _Deciding:
        alerts = await load_setting(Alerts, tenant, store=store)
        channels = await load_setting(AlertChannels, tenant, store=store)
        return _Deciding(alerts=alerts or Alerts.begin(tenant, at), channels=channels)

    def decide(deciding: _Deciding) -> list[Alerts | AlertNotification]:
        alerts = deciding.alerts
        for name, evidence in found.items():
            alerts.observe(name, evidence, at)
        for name in [each for each in alerts.state.statuses if each not in found]:
            alerts.close(name, GONE, at)
        for name in alerts.state.statuses:
            _tell(deciding, name, rules.get(name), found.get(name), whose.name, at)
        return [alerts, *deciding.notifications]

    await change_together(load, decide, context, store=store, work=lambda deciding: deciding.work)


def _tell(
    deciding: _Deciding, name: str, rule: Rule | None, evidence: Evidence | None, tenant: str, at: datetime
) -> None:
    """Where somebody is to be told, and there is somebody."""
    alerts, status = deciding.alerts, deciding.alerts.state.statuses[name]
    what = telling(rule, status, at)
    if what is None:
        return
    wanted = status.told_channels if what == "resolved" or rule is None else rule.channels
    to = chosen(deciding.channels, wanted)
    if not to and what != "resolved":
        return
    after, message = status.noted, message_of(what, name, rule, status, evidence, tenant, at)
    notification = alerts.tell(name, what, to, at)
    if to:
        deciding.notifications.append(AlertNotification.owe(notification, message, to, at, after=after))
        deciding.work += [due_of(notification, channel, at) for channel in to]
