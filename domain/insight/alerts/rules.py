"""A tenant's own rules: in the place of a default, or beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.errors import NotFound, Refused
from domain.base.one_per_tenant import OnePerTenant
from domain.insight.alerts.defaults import DEFAULTS
from domain.insight.alerts.rule import Rule, check_name

MOST = 100
"""Rules of a tenant, the defaults among them."""


class AlertRulesState(msgspec.Struct):
    rules: dict[str, Rule] = {}


class AlertRules(OnePerTenant[AlertRulesState]):
    """One per tenant, from its first change on. Nothing in it is personal."""

    TOPIC = "alert_rules"
    State = AlertRulesState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "alert_rules.begun"
        PERSONAL: ClassVar[bool] = False

    class RuleSet(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "alert_rules.rule_set"
        PERSONAL: ClassVar[bool] = False
        name: str
        rule: Rule

        def apply(self, aggregate: AlertRules) -> None:
            aggregate.state.rules = {**aggregate.state.rules, self.name: self.rule}

    class RuleReset(Event, frozen=True, kw_only=True):
        """It is as by default again; one that there is no default of is gone."""

        TOPIC: ClassVar[str] = "alert_rules.rule_reset"
        PERSONAL: ClassVar[bool] = False
        name: str

        def apply(self, aggregate: AlertRules) -> None:
            rules = aggregate.state.rules
            aggregate.state.rules = {name: rule for name, rule in rules.items() if name != self.name}

    @property
    def subject(self) -> UUID:
        return NIL

    def set(self, name: str, rule: Rule, at: datetime) -> None:
        """Raises Invalid, Refused."""
        check_name(name)
        rule.check()
        every = rules_of(self)
        if name not in every and len(every) >= MOST:
            raise Refused(f"there are {MOST} rules already; remove one of them first")
        if every.get(name) != rule:
            self.trigger(self.RuleSet, at=at, name=name, rule=rule)

    def reset(self, name: str, at: datetime) -> None:
        """Raises NotFound."""
        rule_of(self, name)
        if name in self.state.rules:
            self.trigger(self.RuleReset, at=at, name=name)


def rules_of(rules: AlertRules | None) -> Mapping[str, Rule]:
    """All that are in force, those that are switched off too. None: the tenant has set none."""
    return DEFAULTS if rules is None else {**DEFAULTS, **rules.state.rules}


def rule_of(rules: AlertRules | None, name: str) -> Rule:
    """Raises NotFound."""
    found = rules_of(rules).get(name)
    if found is None:
        raise NotFound(
            f"there is no rule {name[:60]!r} in this tenant; GET /v1/alerts/rules shows those there are"
        )
    return found
