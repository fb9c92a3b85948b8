"""How a tenant's alerts stand: each rule with its state."""

from __future__ import annotations

import asyncio
from uuid import UUID

import msgspec

from application.base.setting import load_setting
from application.ports import Clock, Store
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.rules import AlertRules, rules_of
from domain.insight.alerts.status import RANK, Status


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """`recorded`: whether its state was ever another than it begins with."""

    name: str
    rule: Rule
    status: Status
    recorded: bool


async def standing(tenant: UUID, *, store: Store, clock: Clock) -> list[Standing]:
    """What fires first, the worst before the others; then by name."""
    rules, alerts = await asyncio.gather(
        load_setting(AlertRules, tenant, store=store), load_setting(Alerts, tenant, store=store)
    )
    at = clock()
    alerts = alerts or Alerts.begin(tenant, at)
    found = [
        Standing(
            name=name,
            rule=rule,
            status=alerts.status(name, rule, at),
            recorded=name in alerts.state.statuses,
        )
        for name, rule in rules_of(rules).items()
    ]
    return sorted(found, key=lambda each: (-RANK[each.status.state], each.name))
