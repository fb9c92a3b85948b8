"""A tenant's API keys: shown once, with scopes, expiry, rotation with overlap, revocation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from application.tenancy.api_key import (
    IssueKey,
    KeyIssued,
    RevokeKey,
    RotateKey,
    issue_key,
    revoke_key,
    rotate_key,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound
from domain.tenancy.state import ApiKey
from domain.tenancy.tenant import Tenant
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.position import written
from interfaces.http.base.version import of_tenant, tag
from interfaces.http.tenancy.api_key_forms import KeyIn, KeyMade, KeyOut, RotateIn

SECRET = {"Cache-Control": "no-store"}
"""Header of an answer with a secret in it."""

KeyId = Annotated[str, PathParameter(max_length=32, description="The key's id, as the list has it.")]


@get("/v1/keys", scope="tenants:admin")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response[Page[KeyOut]]:
    """The tenant's API keys, the oldest first, without their secrets."""
    return await listed(services, principal.tenant, cursor, limit)


@get("/v1/keys/{key:str}", scope="tenants:admin")
async def read(
    key: KeyId, services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[KeyOut]:
    """One API key, without its secret."""
    tenant = await services.store.load(Tenant, principal.tenant, tenant=principal.tenant)
    if key not in tenant.state.keys:
        raise NotFound("there is no such key in this tenant")
    used = await services.key_use.last(principal.tenant)
    return Response(_shown(tenant.state.keys[key], used.get(key)), headers=tag(tenant.version))


@post("/v1/keys", status_code=201, scope="tenants:admin", versioned=of_tenant)
async def issue(
    data: JSONBody[KeyIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[KeyMade]:
    """A new key."""
    return await issued_as(data, services, context)


@post("/v1/keys/{key:str}/rotate", status_code=201, scope="tenants:admin", versioned=of_tenant)
async def rotate(
    key: KeyId,
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    data: JSONBody[RotateIn | None] = None,
) -> Response[KeyMade]:
    """A new key in the place of this one, with its name, its scopes and its end. One that is revoked or has expired is 422."""
    asked = data or RotateIn()
    expires_at = _utc(asked.expires_at) if isinstance(asked.expires_at, datetime) else asked.expires_at
    command = RotateKey(key=key, overlap_hours=asked.overlap_hours, expires_at=expires_at)
    issued = await rotate_key(command, context, store=services.store, clock=services.clock)
    return await _made(services, f"/v1/keys/{issued.id}", context.tenant, issued)


@delete("/v1/keys/{key:str}", status_code=204, scope="tenants:admin", versioned=of_tenant)
async def revoke(
    key: KeyId, services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Revoke a key: here at once, everywhere within a second. The last one that can issue others is 422."""
    return await revoked(key, services, context)


async def listed(
    services: Services, tenant_id: UUID, cursor: str | None, limit: int
) -> Response[Page[KeyOut]]:
    """A page of a tenant's keys."""
    tenant = await services.store.load(Tenant, tenant_id, tenant=tenant_id)
    pager = Pager(services, tenant_id, int, "keys")
    start = await pager.place(cursor) or 0
    used = await services.key_use.last(tenant_id)
    keys = list(enumerate(tenant.state.keys.values(), 1))[start : start + limit + 1]
    page = await pager.page(
        keys, limit, lambda item: _shown(item[1], used.get(item[1].id)), lambda item: item[0]
    )
    return Response(page, headers=tag(tenant.version))


async def issued_as(data: KeyIn, services: Services, context: Context, at: str = "/v1") -> Response[KeyMade]:
    """A new key of the context's tenant. `at`: the address below which the tenant's keys are."""
    expires_at = _utc(data.expires_at) if data.expires_at else None
    command = IssueKey(
        name=data.name, scopes=tuple(dict.fromkeys(data.scopes)), expires_at=expires_at, origins=data.origins
    )
    issued = await issue_key(command, context, store=services.store, clock=services.clock)
    return await _made(services, f"{at}/keys/{issued.id}", context.tenant, issued)


async def revoked(key: str, services: Services, context: Context) -> Response[None]:
    """The key of the context's tenant no longer works."""
    position = await revoke_key(RevokeKey(key=key), context, store=services.store, clock=services.clock)
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


def _utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise Invalid("expires_at lies outside the calendar; leave it out for a key that stays") from None


async def _made(services: Services, location: str, tenant: UUID, issued: KeyIssued) -> Response[KeyMade]:
    headers = {"Location": location, **SECRET, **await written(services, tenant, issued.position)}
    return Response(KeyMade(id=issued.id, secret=issued.secret), status_code=201, headers=headers)


def _shown(key: ApiKey, used: datetime | None) -> KeyOut:
    return KeyOut(
        id=key.id,
        name=key.name,
        scopes=key.offered,
        origins=key.origins,
        expires_at=key.expires_at,
        revoked=key.revoked,
        last_used_at=used,
    )


ROUTER = Router("/", route_handlers=[list_all, read, issue, rotate, revoke], tags=["keys"])
