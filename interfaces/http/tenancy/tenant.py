"""Tenants, for the deployment's operator and, each its own, for themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.tenancy.removal import remove_tenant, restore_tenant
from application.tenancy.tenant import (
    CreateTenant,
    Summary,
    create_tenant,
    rename_tenant,
    resume_tenant,
    summary_of,
    suspend_tenant,
)
from domain.base.aggregate import NIL
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.gateway.default_policy import policy_by_default
from interfaces.bootstrap import Services
from interfaces.http.base.authentication import Caller, correlation_of
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.position import written
from interfaces.http.base.version import of_tenant, tag
from interfaces.http.tenancy.api_key import SECRET
from interfaces.http.tenancy.tenant_forms import SuspendIn, TenantIn, TenantMade, TenantNew, TenantOut


@post("/v1/tenants", status_code=201, scope=None, operator=True)
async def create(
    data: JSONBody[TenantNew],
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    request: Request[Any, Any, Any],
) -> Response[TenantMade]:
    """A new tenant with a first API key."""
    cells = services.cells
    services = cells.named(data.cell) if data.cell is not None else await cells.roomiest()
    made = await create_tenant(
        CreateTenant(name=data.name),
        actor=caller.actor,
        store=services.store,
        clock=services.clock,
        ids=services.ids,
        policy=policy_by_default(services.completers.tiers({}, services.clock())),
        correlation=correlation_of(request),
    )
    shown = await _shown(services, made.tenant)
    body = TenantMade(**msgspec.structs.asdict(shown), key=made.key)
    headers = {
        "Location": f"/v1/tenants/{made.tenant}",
        **SECRET,
        **await written(services, made.tenant, made.position),
    }
    return Response(body, status_code=201, headers=headers)


@get("/v1/tenants", scope="tenants:admin", operator=True)
async def list_all(
    services: NamedDependency[Services],
    caller: NamedDependency[Caller],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[TenantOut]:
    """All tenants for the operator; for a tenant's key its own one."""
    pager = Pager(services, caller.tenant, UUID, "tenants")
    after = await pager.place(cursor)
    if caller.principal is not None:
        return Page([] if after else [await _shown(services, caller.tenant)], None)
    rows = await services.cells.tenants(after=after or NIL, limit=limit + 1)
    shown: dict[UUID, TenantOut] = {}
    for id, its in list(rows.items())[:limit]:
        try:
            shown[id] = await _shown(its, id)
        except NotFound:
            continue  # a log that was begun without its tenant
    found = await pager.page(list(rows), limit, lambda id: shown.get(id), lambda id: id)
    return Page([item for item in found.items if item is not None], found.next_cursor)


@get("/v1/tenants/{tenant:uuid}", scope="tenants:admin", operator=True)
async def read(
    services: NamedDependency[Services],
    tenant_context: NamedDependency[Context],
) -> Response[TenantOut]:
    """A tenant."""
    found = await summary_of(tenant_context.tenant, store=services.store)
    return Response(_of(found, services), headers=tag(found.version))


@patch("/v1/tenants/{tenant:uuid}", scope="tenants:admin", operator=True, versioned=of_tenant)
async def rename(
    tenant: FromPath[UUID],
    data: JSONBody[TenantIn],
    services: NamedDependency[Services],
    tenant_context: NamedDependency[Context],
) -> Response[TenantOut]:
    """Give a tenant another name."""
    position = await rename_tenant(data.name, tenant_context, store=services.store, clock=services.clock)
    return await _changed(services, tenant, position)


@post("/v1/tenants/{tenant:uuid}/suspend", status_code=200, scope=None, operator=True, versioned=of_tenant)
async def suspend(
    tenant: FromPath[UUID],
    services: NamedDependency[Services],
    tenant_context: NamedDependency[Context],
    data: JSONBody[SuspendIn | None] = None,
) -> Response[TenantOut]:
    """No key of this tenant's works, and no message is taken, until it is resumed."""
    reason = data.reason if data else None
    position = await suspend_tenant(reason, tenant_context, store=services.store, clock=services.clock)
    return await _changed(services, tenant, position)


@post("/v1/tenants/{tenant:uuid}/resume", status_code=200, scope=None, operator=True, versioned=of_tenant)
async def resume(
    tenant: FromPath[UUID],
    services: NamedDependency[Services],
    tenant_context: NamedDependency[Context],
) -> Response[TenantOut]:
    """Let a suspended tenant go on."""
    position = await resume_tenant(tenant_context, store=services.store, clock=services.clock)
    return await _changed(services, tenant, position)


@delete("/v1/tenants/{tenant:uuid}", status_code=204, scope=None, operator=True, versioned=of_tenant)
async def remove(
    tenant: FromPath[UUID],
    services: NamedDependency[Services],
    tenant_context: NamedDependency[Context],
) -> Response[None]:
    """Remove a tenant: its keys stop working at once. It can be restored until `erase_at` (RETRACE_REMOVAL_GRACE_DAYS); then all of it is
    erased: texts, keys, files, read models. What stays of its log are positions, times, topics and hashes."""
    grace = timedelta(days=services.settings.removal_grace_days)
    position = await remove_tenant(grace, tenant_context, store=services.store, clock=services.clock)
    return Response(None, status_code=204, headers=await written(services, tenant, position))


@post("/v1/tenants/{tenant:uuid}/restore", status_code=200, scope=None, operator=True, versioned=of_tenant)
async def restore(
    tenant: FromPath[UUID],
    services: NamedDependency[Services],
    tenant_context: NamedDependency[Context],
) -> Response[TenantOut]:
    """Take back that a tenant was removed, until it is erased: it is as it was before, with its keys."""
    position = await restore_tenant(tenant_context, store=services.store, clock=services.clock)
    return await _changed(services, tenant, position)


async def _changed(services: Services, tenant: UUID, position: int) -> Response[TenantOut]:
    found = await summary_of(tenant, store=services.store)
    return Response(_of(found, services), headers=await written(services, tenant, position, found.version))


async def _shown(services: Services, tenant: UUID) -> TenantOut:
    return _of(await summary_of(tenant, store=services.store), services)


def _of(found: Summary, services: Services) -> TenantOut:
    return TenantOut(
        id=found.tenant,
        name=found.name,
        status=found.status,
        created_at=found.created_at,
        erase_at=found.erase_at,
        cell=services.name,
    )


ROUTER = Router(
    "/", route_handlers=[create, list_all, read, rename, suspend, resume, remove, restore], tags=["tenants"]
)
