"""Operators: invited, listed, given roles and new links, suspended, restored, removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.operators.membership import (
    InviteOperator,
    IssueLink,
    Linked,
    change_operator,
    invite_operator,
    issue_link,
    remove_operator,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.operators.operator import Operator
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from interfaces.http.operators.operator_forms import LinkOut, OperatorIn, OperatorOut, RolesIn, shown
from projections.operators import Operators, list_operators

SECRET = {"Cache-Control": "no-store"}
"""Header of an answer with a secret in it."""


@post("/v1/operators", status_code=201, scope="tenants:admin")
async def invite(
    data: JSONBody[OperatorIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[LinkOut]:
    """Invite a person to the console: the answer has a one-time link, by which they set their password."""
    made = await invite_operator(
        InviteOperator(email=data.email, name=data.name, roles=data.roles, lifetime=lifetime(services)),
        context,
        store=services.store,
        keyring=services.keyring,
        clock=services.clock,
    )
    return await _linked(made, services, context, {"Location": f"/v1/operators/{made.operator.id}"})


@get("/v1/operators", scope="tenants:admin")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[OperatorOut]:
    """Operators, in the order of their invitations; those who were removed are not there."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "operators")
    after = await pager.place(cursor)
    async with services.reads.at(tenant, Operators(), at_least) as sql:
        rows = await list_operators(sql, tenant, after=after, limit=limit + 1)
    found: dict[UUID, OperatorOut] = {}
    for row in rows[:limit]:
        try:
            operator = await services.store.load(Operator, row.operator, tenant=tenant)
        except NotFound:
            continue  # removed a moment ago
        if operator.state.status != "removed":
            found[row.operator] = shown(operator)
    page = await pager.page(
        rows, limit, lambda row: found.get(row.operator), lambda row: Place(row.invited_at, row.operator)
    )
    return Page([item for item in page.items if item is not None], page.next_cursor)


@get("/v1/operators/{operator:uuid}", scope="tenants:admin")
async def read(
    operator: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[OperatorOut]:
    """An operator as they are now."""
    found = await services.store.load(Operator, operator, tenant=principal.tenant)
    if found.state.status == "removed":
        raise NotFound("this operator was removed")
    return Response(shown(found), headers=tag(found.version))


@post(
    "/v1/operators/{operator:uuid}/link", status_code=201, scope="tenants:admin", versioned=named("operator")
)
async def link(
    operator: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[LinkOut]:
    """A new one-time link, as where the first one has expired or the password is lost. The one before works no more; one-time codes stay on."""
    made = await issue_link(
        IssueLink(operator=operator, lifetime=lifetime(services)),
        context,
        store=services.store,
        clock=services.clock,
    )
    return await _linked(made, services, context, {})


@put("/v1/operators/{operator:uuid}/roles", scope="tenants:admin", versioned=named("operator"))
async def replace_roles(
    operator: FromPath[UUID],
    data: JSONBody[RolesIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[OperatorOut]:
    """Give them these roles, and no others. Where that changes something their sessions end: they sign in again, and have them then."""
    return await changed(
        operator, lambda found: found.change_roles(data.roles, services.clock()), services, context
    )


@post(
    "/v1/operators/{operator:uuid}/suspend",
    status_code=200,
    scope="tenants:admin",
    versioned=named("operator"),
)
async def suspend(
    operator: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[OperatorOut]:
    """Sign them out everywhere, and let them in no more. Who they are stays on record."""
    return await changed(operator, lambda found: found.suspend(services.clock()), services, context)


@post(
    "/v1/operators/{operator:uuid}/restore",
    status_code=200,
    scope="tenants:admin",
    versioned=named("operator"),
)
async def restore(
    operator: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[OperatorOut]:
    """Let a suspended operator in again, with the roles and the password that they had."""
    return await changed(operator, lambda found: found.bring_back(services.clock()), services, context)


@delete("/v1/operators/{operator:uuid}", status_code=204, scope="tenants:admin", versioned=named("operator"))
async def remove(
    operator: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Take them out for good: who they were is erased. What they did stays on record, under their id."""
    position = await remove_operator(operator, context, store=services.store, clock=services.clock)
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


async def changed(
    operator: UUID, decide: Callable[[Operator], object], services: Services, context: Context
) -> Response[OperatorOut]:
    """The operator as a change has left them."""
    found, position = await change_operator(operator, decide, context, store=services.store)
    headers = await written(services, context.tenant, position, found.version)
    return Response(shown(found), headers=headers)


def lifetime(services: Services) -> timedelta:
    """Of a one-time link."""
    return timedelta(hours=services.settings.invitation_hours)


async def _linked(
    made: Linked, services: Services, context: Context, headers: dict[str, str]
) -> Response[LinkOut]:
    link = f"{services.settings.public}/console/accept?token={made.token}"
    told = LinkOut(id=made.operator.id, link=link, expires_at=made.expires_at)
    position = await written(services, context.tenant, made.position, made.operator.version)
    return Response(told, status_code=201, headers={**headers, **SECRET, **position})


ROUTER = Router(
    "/",
    route_handlers=[invite, list_all, read, link, replace_roles, suspend, restore, remove],
    tags=["operators"],
)
