"""A tenant's rules: set, reset to the default, removed."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.setting import change_setting, load_setting
from application.insight.alerts.ports import Ports
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.insight.alerts.channels import AlertChannels
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.rules import AlertRules, rules_of


class SetAlertRule(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    rule: Rule


class ResetAlertRule(msgspec.Struct, frozen=True, kw_only=True):
    """A default is as it was; any other rule is gone."""

    name: str


class RulesStand(msgspec.Struct, frozen=True, kw_only=True):
    """`rule` None: there is none of that name any more. `position` is 0 where it was so already."""

    rule: Rule | None
    version: int
    position: int


async def set_alert_rule(command: SetAlertRule, context: Context, ports: Ports) -> RulesStand:
    """Looked at from the next look on. Raises Invalid, Refused."""
    await _check_channels(command.rule, context.tenant, ports)
    changed = await change_setting(
        AlertRules,
        lambda rules: rules.set(command.name, command.rule, ports.clock()),
        context,
        store=ports.store,
        clock=ports.clock,
    )
    return RulesStand(rule=command.rule, version=changed.version, position=changed.position)


async def reset_alert_rule(command: ResetAlertRule, context: Context, ports: Ports) -> RulesStand:
    """Raises NotFound."""
    changed = await change_setting(
        AlertRules,
        lambda rules: rules.reset(command.name, ports.clock()),
        context,
        store=ports.store,
        clock=ports.clock,
    )
    rule = rules_of(changed.setting).get(command.name)
    return RulesStand(rule=rule, version=changed.version, position=changed.position)


async def _check_channels(rule: Rule, tenant: UUID, ports: Ports) -> None:
    """Raises Invalid."""
    if rule.channels is None:
        return
    channels = await load_setting(AlertChannels, tenant, store=ports.store)
    known = {} if channels is None else channels.state.channels
    if unknown := [str(each) for each in rule.channels if each not in known]:
        raise Invalid(
            f"there is no alert channel {', '.join(unknown)} in this tenant; GET /v1/alerts/channels shows those there are, "
            "and null stands for all"
        )
