"""A tenant's API keys for the deployment's operator, as where it has lost its last one; and, each its own, for tenants themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from interfaces.bootstrap import Services
from interfaces.http.base.authentication import Caller
from interfaces.http.base.pages import Cursor, Limit, Page
from interfaces.http.base.version import of_tenant
from interfaces.http.tenancy.api_key import KeyId, KeyIn, KeyMade, KeyOut, issued_as, listed, revoked


@get("/v1/tenants/{tenant:uuid}/keys", scope="tenants:admin", operator=True)
async def list_all(
    tenant: FromPath[UUID],
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    request: Request[Any, Any, Any],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response[Page[KeyOut]]:
    """This tenant's API keys, the oldest first, without their secrets."""
    return await listed(services, caller.context(tenant, request).tenant, cursor, limit)


@post(
    "/v1/tenants/{tenant:uuid}/keys",
    status_code=201,
    scope="tenants:admin",
    operator=True,
    versioned=of_tenant,
)
async def issue(
    tenant: FromPath[UUID],
    data: JSONBody[KeyIn],
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    request: Request[Any, Any, Any],
) -> Response[KeyMade]:
    """A new key of this tenant."""
    return await issued_as(data, services, caller.context(tenant, request), f"/v1/tenants/{tenant}")


@delete(
    "/v1/tenants/{tenant:uuid}/keys/{key:str}",
    status_code=204,
    scope="tenants:admin",
    operator=True,
    versioned=of_tenant,
)
async def revoke(
    tenant: FromPath[UUID],
    key: KeyId,
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    request: Request[Any, Any, Any],
) -> Response[None]:
    """Revoke a key of this tenant, as one that became known. Of the last one that can issue others a new one is issued first."""
    return await revoked(key, services, caller.context(tenant, request))


ROUTER = Router("/", route_handlers=[list_all, issue, revoke], tags=["tenants"])
