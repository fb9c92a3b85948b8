"""A tenant's rate limits: its own, those that the operator has granted, and what holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.tenancy.authentication import Principal
from application.tenancy.rate_limits import SetRateLimits, rate_limits_of, set_rate_limits
from application.tenancy.tenant import summary_of
from domain.base.context import Context
from domain.tenancy.rate_limits import RateLimits, Rates
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import Caller
from interfaces.http.base.limits.rates import defaults_of
from interfaces.http.base.position import written
from interfaces.http.base.version import one, tag


class RateLimitsOut(msgspec.Struct, frozen=True, kw_only=True):
    """Requests a minute; 0: no limit. `own`: what the tenant has set; `granted`: what the operator has given it instead of the deployment's
    `defaults`; `effective`: what holds. `version` 0: nothing was ever set."""

    version: int
    own: Rates
    granted: Rates
    defaults: Rates
    effective: Rates


@get("/v1/rate-limits", scope="analytics:view")
async def read(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[RateLimitsOut]:
    """How many requests of each kind may come a minute."""
    shown = await _shown(principal.tenant, services)
    return Response(shown, headers=tag(shown.version))


@put("/v1/rate-limits", scope="tenants:admin", versioned=one(RateLimits.id_of))
async def replace(
    data: JSONBody[Rates], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[RateLimitsOut]:
    """Bound oneself further than the deployment does. What is left out is not bounded further. It holds within a second."""
    return await _set(SetRateLimits(rates=data), context, services)


@get("/v1/tenants/{tenant:uuid}/rate-limits", scope="tenants:admin", operator=True)
async def read_of(
    tenant: FromPath[UUID],
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    request: Request[Any, Any, Any],
) -> Response[RateLimitsOut]:
    """How many requests of each kind this tenant may send a minute."""
    about = caller.context(tenant, request).tenant
    await summary_of(about, store=services.store)
    shown = await _shown(about, services)
    return Response(shown, headers=tag(shown.version))


@put(
    "/v1/tenants/{tenant:uuid}/rate-limits",
    scope=None,
    operator=True,
    versioned=one(RateLimits.id_of),
)
async def grant(
    tenant: FromPath[UUID],
    data: JSONBody[Rates],
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    request: Request[Any, Any, Any],
) -> Response[RateLimitsOut]:
    """Give a tenant other rates than the deployment's. What is left out is as for everybody. It holds within a second."""
    await summary_of(tenant, store=services.store)
    return await _set(SetRateLimits(rates=data, granted=True), caller.context(tenant, request), services)


async def _set(command: SetRateLimits, context: Context, services: Services) -> Response[RateLimitsOut]:
    made = await set_rate_limits(command, context, store=services.store, clock=services.clock)
    shown = await _shown(context.tenant, services)
    return Response(shown, headers=await written(services, context.tenant, made.position, shown.version))


async def _shown(tenant: UUID, services: Services) -> RateLimitsOut:
    state, version = await rate_limits_of(tenant, store=services.store)
    defaults = defaults_of(services)
    return RateLimitsOut(
        version=version,
        own=state.own,
        granted=state.granted,
        defaults=defaults,
        effective=state.effective(defaults),
    )


ROUTER = Router("/", route_handlers=[read, replace, read_of, grant], tags=["tenants"])
