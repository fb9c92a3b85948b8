"""The states of alerts, their history, who was told; and what people do about them."""

from __future__ import annotations

from typing import Annotated, NamedTuple
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from application.insight.alerts.answering import (
    AcknowledgeAlert,
    AlertStands,
    EndSilence,
    SilenceAlert,
    acknowledge_alert,
    end_silence,
    silence_alert,
)
from application.insight.alerts.standing import Standing, standing
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.insight.alerts.alerts import Alerts
from domain.insight.alerts.notification import Outcome
from domain.insight.alerts.status import State
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import one
from interfaces.http.insight.alerts.forms import (
    AcknowledgeIn,
    AlertChangeOut,
    AlertOut,
    SilenceIn,
    shown_alert,
)
from projections.alert_history import (
    AlertHistory,
    ChangeRow,
    DeliveryRow,
    list_changes,
    list_deliveries,
)


class Delivered(NamedTuple):
    """Where a list of deliveries goes on."""

    position: int
    channel: UUID


@get("/v1/alerts", scope="analytics:view")
async def list_alerts(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    wanted: Annotated[
        State | None, QueryParameter(name="state", description="Only those of this state.")
    ] = None,
) -> Page[AlertOut]:
    """Each rule and its state, on one page: what fires first."""
    found = await standing(principal.tenant, store=services.store, clock=services.clock)
    at = services.clock()
    return Page([shown_alert(each, at) for each in found if wanted in (None, each.status.state)], None)


@get("/v1/alerts/history", scope="analytics:view")
async def read_history(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    rule: FromQuery[str | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[AlertChangeOut]:
    """The changes of states with their evidence, the newest first; of all rules, or of one."""
    tenant = principal.tenant
    pager = Pager(services, tenant, int, "alert-history", rule)
    before = await pager.place(cursor)
    async with services.reads.at(tenant, AlertHistory(), at_least) as sql:
        rows = await list_changes(sql, tenant, rule=rule, before=before, limit=limit + 1)
    events = await services.store.several(tenant, [row.position for row in rows])

    def shown(row: ChangeRow) -> AlertChangeOut:
        event = events[row.position].event if row.position in events else None
        known = event if isinstance(event, Alerts.StateChanged) else None
        return AlertChangeOut(
            position=row.position,
            rule=row.rule,
            before=row.before,
            state=row.state,
            at=row.at,
            value=row.value,
            reason=known.reason if known else "",
            evidence=known.evidence if known else None,
        )

    return await pager.page(rows, limit, shown, lambda row: row.position)


@get("/v1/alerts/deliveries", scope="analytics:view")
async def read_deliveries(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    outcome: FromQuery[Outcome | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[DeliveryRow]:
    """The messages about alerts, one for each channel, and what came of each: the newest first. `failed` ones are tried no more."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Delivered, "alert-deliveries", outcome)
    before = await pager.place(cursor)
    async with services.reads.at(tenant, AlertHistory(), at_least) as sql:
        rows = await list_deliveries(sql, tenant, outcome=outcome, before=before, limit=limit + 1)
    return await pager.page(rows, limit, lambda row: row, lambda row: Delivered(row.position, row.channel))


@post(
    "/v1/alerts/{alert:str}/silence",
    status_code=200,
    scope="integrations:manage",
    versioned=one(Alerts.id_of),
)
async def silence(
    alert: FromPath[str],
    data: JSONBody[SilenceIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[AlertOut]:
    """Tell nobody that it fires until then. Its states go on, and that an incident is over is told."""
    command = SilenceAlert(rule=alert, until=data.until, reason=data.reason)
    return await _shown(alert, await silence_alert(command, context, services), services, context)


@delete(
    "/v1/alerts/{alert:str}/silence",
    status_code=200,
    scope="integrations:manage",
    versioned=one(Alerts.id_of),
)
async def unsilence(
    alert: FromPath[str], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[AlertOut]:
    """End a silence before its time."""
    return await _shown(
        alert, await end_silence(EndSilence(rule=alert), context, services), services, context
    )


@post(
    "/v1/alerts/{alert:str}/acknowledge",
    status_code=200,
    scope="integrations:manage",
    versioned=one(Alerts.id_of),
)
async def acknowledge(
    alert: FromPath[str],
    data: JSONBody[AcknowledgeIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[AlertOut]:
    """Say that somebody is at it: nobody is told again of this incident, unless it gets worse."""
    command = AcknowledgeAlert(rule=alert, note=data.note)
    return await _shown(alert, await acknowledge_alert(command, context, services), services, context)


async def _shown(alert: str, stands: AlertStands, services: Services, context: Context) -> Response[AlertOut]:
    at = services.clock()
    status = stands.alerts.status(alert, stands.rule, at)
    recorded = alert in stands.alerts.state.statuses
    each = Standing(name=alert, rule=stands.rule, status=status, recorded=recorded)
    headers = await written(services, context.tenant, stands.position, stands.version)
    return Response(shown_alert(each, at), headers=headers)


ROUTER = Router(
    "/",
    route_handlers=[list_alerts, read_history, read_deliveries, silence, unsilence, acknowledge],
    tags=["alerts"],
)
