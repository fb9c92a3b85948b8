"""Webhooks: endpoints of a tenant's apps that are told its events, signed by Standard Webhooks."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.base.setting import load_setting
from application.tenancy.authentication import Principal
from application.webhooks.endpoint import (
    AddWebhook,
    ChangeWebhook,
    ReplayWebhook,
    Stands,
    add_webhook,
    change_webhook,
    remove_webhook,
    replay_webhook,
    rotate_webhook,
)
from domain.base.context import Context
from domain.base.signing import secret_text
from domain.webhooks.webhooks import Webhooks
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag
from interfaces.http.webhooks.webhook_forms import (
    RangeIn,
    SecretOut,
    WebhookChange,
    WebhookIn,
    WebhookOut,
    shown_webhook,
)


@get("/v1/webhooks", scope="integrations:manage")
async def list_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[Page[WebhookOut]]:
    """The tenant's webhooks, on one page, with how far each has come."""
    found = await load_setting(Webhooks, principal.tenant, store=services.store)
    if found is None:
        return Response(Page([], None), headers=tag(0))
    lines = await services.webhook_lines.all(principal.tenant)
    items = [shown_webhook(endpoint, lines) for endpoint in found.state.endpoints.values()]
    return Response(Page(items, None), headers=tag(found.version))


@post("/v1/webhooks", status_code=201, scope="integrations:manage", versioned=one(Webhooks.id_of))
async def add(
    data: JSONBody[WebhookIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[SecretOut]:
    """Add an endpoint. Events from now on are told to it, in order, at least once. The secret is shown this once."""
    command = AddWebhook(url=data.url, kinds=data.events, description=data.description, secret=data.secret)
    return await _secret(await add_webhook(command, context, services), services, context)


@get("/v1/webhooks/{endpoint:uuid}", scope="integrations:manage")
async def read(
    endpoint: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[WebhookOut]:
    """One webhook, with how far it has come and what it did not take."""
    found = await load_setting(Webhooks, principal.tenant, store=services.store)
    known = (found or Webhooks.begin(principal.tenant, services.clock())).endpoint(endpoint)
    lines = await services.webhook_lines.all(principal.tenant)
    return Response(shown_webhook(known, lines), headers=tag(found.version if found else 0))


@put("/v1/webhooks/{endpoint:uuid}", scope="integrations:manage", versioned=one(Webhooks.id_of))
async def replace(
    endpoint: FromPath[UUID],
    data: JSONBody[WebhookChange],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[WebhookOut]:
    """Change where it is and what it is told; enable or disable it."""
    command = ChangeWebhook(
        endpoint=endpoint,
        url=data.url,
        kinds=data.events,
        description=data.description,
        enabled=data.enabled,
    )
    stands = await change_webhook(command, context, services)
    lines = await services.webhook_lines.all(context.tenant)
    headers = await written(services, context.tenant, stands.position, stands.version)
    return Response(shown_webhook(stands.endpoint, lines), headers=headers)


@delete(
    "/v1/webhooks/{endpoint:uuid}",
    status_code=204,
    scope="integrations:manage",
    versioned=one(Webhooks.id_of),
)
async def remove(
    endpoint: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Remove it: nothing more is told to it, not what waits either."""
    position = await remove_webhook(endpoint, context, services)
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


@post(
    "/v1/webhooks/{endpoint:uuid}/rotate",
    status_code=200,
    scope="integrations:manage",
    versioned=one(Webhooks.id_of),
)
async def rotate(
    endpoint: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[SecretOut]:
    """Give it another secret. For a day deliveries are signed with both."""
    return await _secret(await rotate_webhook(endpoint, context, services), services, context)


@post("/v1/webhooks/{endpoint:uuid}/replay", status_code=202, scope="integrations:manage")
async def replay(
    endpoint: FromPath[UUID],
    data: JSONBody[RangeIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[None]:
    """Tell it once more what lies in a range of the log, under the same ids, beside what is new."""
    command = ReplayWebhook(endpoint=endpoint, first=data.first, last=data.last)
    position = await replay_webhook(command, context, services)
    return Response(None, status_code=202, headers=await written(services, context.tenant, position))


async def _secret(stands: Stands, services: Services, context: Context) -> Response[SecretOut]:
    found = stands.endpoint
    headers = await written(services, context.tenant, stands.position, stands.version)
    shown = SecretOut(id=found.id, url=found.url, events=found.kinds, secret=secret_text(found.secret))
    return Response(shown, headers=headers | {"Location": f"/v1/webhooks/{found.id}"})


ROUTER = Router("/", route_handlers=[list_all, add, read, replace, remove, rotate, replay], tags=["webhooks"])
