"""Actions: what the agent may do in a tenant's systems."""

from __future__ import annotations

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import UNSET

from application.actions.declare import DeclareAction, Stands, declare_action, rotate_action, withdraw_action
from application.base.setting import load_setting
from application.tenancy.authentication import Principal
from domain.actions.actions import Actions
from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.actions.forms import ActionIn, ActionOut, Named, shown_action
from interfaces.http.base.pages import Page
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag


@get("/v1/actions", scope="integrations:manage")
async def list_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[Page[ActionOut]]:
    """The tenant's actions by name, on one page."""
    found = await load_setting(Actions, principal.tenant, store=services.store)
    if found is None:
        return Response(Page([], None), headers=tag(0))
    items = [shown_action(found.state.actions[name]) for name in sorted(found.state.actions)]
    return Response(Page(items, None), headers=tag(found.version))


@get("/v1/actions/{name:str}", scope="integrations:manage")
async def read(
    name: Named, services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ActionOut]:
    """One action as it is in force."""
    found = await load_setting(Actions, principal.tenant, store=services.store)
    known = (found or Actions.begin(principal.tenant, services.clock())).action(name)
    return Response(shown_action(known), headers=tag(found.version if found else 0))


@put("/v1/actions/{name:str}", scope="integrations:manage", versioned=one(Actions.id_of))
async def declare(
    name: Named,
    data: JSONBody[ActionIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ActionOut]:
    """From now on the agent may do it, as declared. The secret of a new one is shown this once."""
    command = DeclareAction(
        name=name,
        declared=data.declaration(),
        authorization=None if data.authorization is UNSET else data.authorization,
        keeps=data.authorization is UNSET,
    )
    return await _stands(await declare_action(command, context, services), services, context)


@delete("/v1/actions/{name:str}", status_code=204, scope="integrations:manage", versioned=one(Actions.id_of))
async def withdraw(
    name: Named, services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """The agent may not do it any more; what waits for somebody's consent is not done either."""
    position = await withdraw_action(name, context, services)
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


@post(
    "/v1/actions/{name:str}/rotate",
    status_code=200,
    scope="integrations:manage",
    versioned=one(Actions.id_of),
)
async def rotate(
    name: Named, services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ActionOut]:
    """Give it another secret. Until the next rotation calls are signed with both."""
    return await _stands(await rotate_action(name, context, services), services, context)


async def _stands(stands: Stands, services: Services, context: Context) -> Response[ActionOut]:
    headers = await written(services, context.tenant, stands.position, stands.version)
    return Response(shown_action(stands.action, secret=stands.fresh), headers=headers)


ROUTER = Router("/", route_handlers=[list_all, read, declare, withdraw, rotate], tags=["actions"])
