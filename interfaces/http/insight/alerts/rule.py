"""The rules of alerts: those that every tenant has, and a tenant's own."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, Router, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.base.setting import load_setting
from application.insight.alerts.rule import (
    ResetAlertRule,
    SetAlertRule,
    reset_alert_rule,
    set_alert_rule,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.insight.alerts.metrics import METRICS
from domain.insight.alerts.rule import Rule
from domain.insight.alerts.rules import AlertRules, rule_of, rules_of
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag
from interfaces.http.insight.alerts.forms import AlertRuleOut, MetricOut


@get("/v1/alerts/metrics", scope="analytics:view")
async def list_metrics(principal: NamedDependency[Principal]) -> Page[MetricOut]:
    """What a rule can watch, on one page."""
    items = [
        MetricOut(
            name=name,
            unit=metric.unit,
            text=metric.text,
            shortest=None if metric.windows is None else metric.windows[0],
            longest=None if metric.windows is None else metric.windows[1],
            baseline=metric.baseline,
        )
        for name, metric in METRICS.items()
    ]
    return Page(items, None)


@get("/v1/alerts/rules", scope="analytics:view")
async def list_rules(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[Page[AlertRuleOut]]:
    """The rules, on one page: those of every tenant, and the tenant's own."""
    found = await _rules(services, principal.tenant)
    items = [_shown(found, name) for name in rules_of(found)]
    return Response(Page(items, None), headers=tag(found.version if found else 0))


@get("/v1/alerts/rules/{rule:str}", scope="analytics:view")
async def read_rule(
    rule: FromPath[str], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[AlertRuleOut]:
    """One rule."""
    found = await _rules(services, principal.tenant)
    return Response(_shown(found, rule), headers=tag(found.version if found else 0))


@put("/v1/alerts/rules/{rule:str}", scope="integrations:manage", versioned=one(AlertRules.id_of))
async def set_rule(
    rule: FromPath[str],
    data: JSONBody[Rule],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[AlertRuleOut]:
    """Set a rule: in the place of the default of that name, or one more. It holds from the next look on."""
    stands = await set_alert_rule(SetAlertRule(name=rule, rule=data), context, services)
    headers = await written(services, context.tenant, stands.position, stands.version)
    return Response(_shown(await _rules(services, context.tenant), rule), headers=headers)


@delete(
    "/v1/alerts/rules/{rule:str}",
    status_code=204,
    scope="integrations:manage",
    versioned=one(AlertRules.id_of),
)
async def reset_rule(
    rule: FromPath[str], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Have a default as it was; remove any other rule. To be rid of a default, set it with `enabled` false."""
    stands = await reset_alert_rule(ResetAlertRule(name=rule), context, services)
    headers = await written(services, context.tenant, stands.position, stands.version)
    return Response(None, status_code=204, headers=headers)


async def _rules(services: Services, tenant: UUID) -> AlertRules | None:
    return await load_setting(AlertRules, tenant, store=services.store)


def _shown(rules: AlertRules | None, name: str) -> AlertRuleOut:
    own = rules is not None and name in rules.state.rules
    return AlertRuleOut(name=name, default=not own, rule=rule_of(rules, name))


ROUTER = Router(
    "/", route_handlers=[list_metrics, list_rules, read_rule, set_rule, reset_rule], tags=["alerts"]
)
