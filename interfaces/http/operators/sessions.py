"""Where operators are signed in, for a tenant's administrators; and the way back in where an app with one-time codes is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter

from application.operators.authentication import last_use
from application.operators.membership import change_operator
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.operators.operator import Operator
from interfaces.bootstrap import Services
from interfaces.http.base.position import written
from interfaces.http.base.version import named, tag
from interfaces.http.operators.operator import changed
from interfaces.http.operators.operator_forms import OperatorOut, SessionOut

SessionId = Annotated[str, PathParameter(max_length=32, description="The session's id, as the list has it.")]


@get("/v1/operators/{operator:uuid}/sessions", scope="tenants:admin")
async def list_sessions(
    operator: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[list[SessionOut]]:
    """Where an operator is signed in now."""
    found = await services.store.load(Operator, operator, tenant=principal.tenant)
    if found.state.status == "removed":
        raise NotFound("this operator was removed")
    return Response(await sessions_of(found, principal.tenant, services), headers=tag(found.version))


@delete(
    "/v1/operators/{operator:uuid}/sessions/{session:str}",
    status_code=204,
    scope="tenants:admin",
    versioned=named("operator"),
)
async def revoke_session(
    operator: FromPath[UUID],
    session: SessionId,
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[None]:
    """Sign an operator out there, at once."""
    _, position = await change_operator(
        operator,
        lambda found: found.end_session(session, "revoked", services.clock()),
        context,
        store=services.store,
    )
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


@delete(
    "/v1/operators/{operator:uuid}/totp", status_code=200, scope="tenants:admin", versioned=named("operator")
)
async def disable_totp(
    operator: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[OperatorOut]:
    """Ask an operator for one-time codes no more, as where they have lost their app. Their sessions end."""
    return await changed(operator, lambda found: found.disable_totp(services.clock()), services, context)


async def sessions_of(operator: Operator, tenant: UUID, services: Services) -> list[SessionOut]:
    """Those that have not ended, the newest first."""
    used = await services.session_use.last(tenant, operator.id)
    idle, now = timedelta(minutes=services.settings.session_idle_minutes), services.clock()
    shown = []
    for each in operator.state.sessions.values():
        last = last_use(each, used.get(each.id))
        if now < min(each.ends_at, last + idle):
            shown.append(
                SessionOut(
                    id=each.id,
                    began_at=each.began_at,
                    last_used_at=last,
                    idle_at=last + idle,
                    ends_at=each.ends_at,
                )
            )
    return sorted(shown, key=lambda session: session.began_at, reverse=True)


ROUTER = Router("/", route_handlers=[list_sessions, revoke_session, disable_totp], tags=["operators"])
