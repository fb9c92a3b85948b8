"""The channels by which people are told of alerts."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.base.setting import load_setting
from application.insight.alerts.channel import (
    AddAlertChannel,
    ChangeAlertChannel,
    ChannelStands,
    add_alert_channel,
    change_alert_channel,
    remove_alert_channel,
    try_alert_channel,
)
from application.ports import Rate
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import RateLimited
from domain.insight.alerts.channels import AlertChannels
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag
from interfaces.http.insight.alerts.forms import (
    AlertChannelChange,
    AlertChannelIn,
    AlertChannelOut,
    AlertTestOut,
    shown_channel,
)

TESTS = 10
"""Test messages of a tenant in a minute."""


@get("/v1/alerts/channels", scope="integrations:manage")
async def list_channels(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[Page[AlertChannelOut]]:
    """The tenant's channels, on one page; which of them do not work."""
    found = await load_setting(AlertChannels, principal.tenant, store=services.store)
    items = [] if found is None else [shown_channel(each) for each in found.state.channels.values()]
    return Response(Page(items, None), headers=tag(found.version if found else 0))


@post(
    "/v1/alerts/channels",
    status_code=201,
    scope="integrations:manage",
    versioned=one(AlertChannels.id_of),
)
async def add_channel(
    data: JSONBody[AlertChannelIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[AlertChannelOut]:
    """Add a channel. Rules that name none tell all that are enabled."""
    command = AddAlertChannel(kind=data.kind, name=data.name, settings=data.settings, enabled=data.enabled)
    stands = await add_alert_channel(command, context, services)
    shown = await _shown(stands, services, context)
    return Response(
        shown.content, headers={**shown.headers, "Location": f"/v1/alerts/channels/{stands.channel.id}"}
    )


@get("/v1/alerts/channels/{channel:uuid}", scope="integrations:manage")
async def read_channel(
    channel: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[AlertChannelOut]:
    """One channel, without its secrets."""
    found = await load_setting(AlertChannels, principal.tenant, store=services.store)
    known = (found or AlertChannels.begin(principal.tenant, services.clock())).channel(channel)
    return Response(shown_channel(known), headers=tag(found.version if found else 0))


@put(
    "/v1/alerts/channels/{channel:uuid}",
    scope="integrations:manage",
    versioned=one(AlertChannels.id_of),
)
async def change_channel(
    channel: FromPath[UUID],
    data: JSONBody[AlertChannelChange],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[AlertChannelOut]:
    """Change a channel; enable or disable it. Whatever failed before is forgotten."""
    command = ChangeAlertChannel(
        channel=channel, name=data.name, settings=data.settings, enabled=data.enabled
    )
    return await _shown(await change_alert_channel(command, context, services), services, context)


@delete(
    "/v1/alerts/channels/{channel:uuid}",
    status_code=204,
    scope="integrations:manage",
    versioned=one(AlertChannels.id_of),
)
async def remove_channel(
    channel: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Remove a channel. What waits to be sent by it is given up."""
    position = await remove_alert_channel(channel, context, services)
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


@post("/v1/alerts/channels/{channel:uuid}/test", status_code=200, scope="integrations:manage")
async def send_test(
    channel: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> AlertTestOut:
    """Send a message that says that it is a test, and tell what came of it. It is tried once."""
    over = services.rate_limiter.take([Rate(f"alert-test:{context.tenant}", TESTS / 60, TESTS)])
    if over is not None:
        raise RateLimited(
            f"at most {TESTS} test messages a minute; try again later",
            limit="alert_tests",
            retry_after=over.wait,
        )
    delivery = await try_alert_channel(channel, context, services)
    return AlertTestOut(sent=delivery.outcome == "sent", reason=delivery.reason or None)


async def _shown(stands: ChannelStands, services: Services, context: Context) -> Response[AlertChannelOut]:
    headers = await written(services, context.tenant, stands.position, stands.version)
    return Response(shown_channel(stands.channel), headers=headers)


ROUTER = Router(
    "/",
    route_handlers=[list_channels, add_channel, read_channel, change_channel, remove_channel, send_test],
    tags=["alerts"],
)
