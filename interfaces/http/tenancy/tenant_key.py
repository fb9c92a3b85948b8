"""A tenant's API keys for the deployment's operator, as where it has lost its last one; and, each its own, for tenants themselves."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from domain.base.context import Context
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page
from interfaces.http.base.version import of_tenant
from interfaces.http.tenancy.api_key import KeyId, issued_as, listed, revoked
from interfaces.http.tenancy.api_key_forms import KeyIn, KeyMade, KeyOut


@get("/v1/tenants/{tenant:uuid}/keys", scope="tenants:admin", operator=True)
async def list_all(
    services: NamedDependency[Services],
    tenant_context: NamedDependency[Context],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response[Page[KeyOut]]:
    """This tenant's API keys, the oldest first, without their secrets."""
    return await listed(services, tenant_context.tenant, cursor, limit)


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
    tenant_context: NamedDependency[Context],
) -> Response[KeyMade]:
    """A new key of this tenant."""
    return await issued_as(data, services, tenant_context, f"/v1/tenants/{tenant}")


@delete(
    "/v1/tenants/{tenant:uuid}/keys/{key:str}",
    status_code=204,
    scope="tenants:admin",
    operator=True,
    versioned=of_tenant,
)
async def revoke(
    key: KeyId,
    services: NamedDependency[Services],
    tenant_context: NamedDependency[Context],
) -> Response[None]:
    """Revoke a key of this tenant, as one that became known. Of the last one that can issue others a new one is issued first."""
    return await revoked(key, services, tenant_context)


ROUTER = Router("/", route_handlers=[list_all, issue, revoke], tags=["tenants"])
