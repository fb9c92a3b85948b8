"""Rules, states, budget and channels of many tenants, as a process knows them: a look asks the log for them only where one has changed."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from application.base.setting import load_setting
from application.ports import Store, Versions
from domain.base.one_per_tenant import OnePerTenant
from domain.budgets.budget import Budget
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.channels import AlertChannels
from domain.insight.alerts.rules import AlertRules

MOST = 10_000
"""Tenants."""

A = TypeVar("A", bound=OnePerTenant[Any])


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """To be read only. None: there is nothing on record."""

    versions: Versions = Versions()
    rules: AlertRules | None = None
    alerts: Alerts | None = None
    budget: Budget | None = None
    channels: AlertChannels | None = None


class KnownAlerts:
    """One per process."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, Known] = OrderedDict()

    def get(self, tenant: UUID) -> Known:
        """As it was when last loaded."""
        return self._known.get(tenant) or Known()

    async def load(self, tenant: UUID, *, store: Store) -> Known:
        """As it is now."""
        rules, alerts, budget, channels = await asyncio.gather(
            load_setting(AlertRules, tenant, store=store),
            load_setting(Alerts, tenant, store=store),
            load_setting(Budget, tenant, store=store),
            load_setting(AlertChannels, tenant, store=store),
        )
        versions = Versions(
            rules=_version(rules),
            alerts=_version(alerts),
            budget=_version(budget),
            channels=_version(channels),
        )
        known = Known(versions=versions, rules=rules, alerts=alerts, budget=budget, channels=channels)
        self._known[tenant] = known
        self._known.move_to_end(tenant)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return known


def _version(setting: OnePerTenant[Any] | None) -> int:
    return 0 if setting is None else setting.version
