"""A tenant's own keys and state."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from msgspec import Meta

from application.context import Context
from application.tenant import (
    IssueKey,
    KeyIssued,
    Principal,
    RevokeKey,
    RotateKey,
    issue_key,
    revoke_key,
    rotate_key,
)
from domain.tenant import Scope, Tenant
from interfaces.bootstrap import Services
from interfaces.http.reading import written


class KeyOut(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    scopes: tuple[Scope, ...]
    expires_at: datetime | None
    revoked: bool


class KeysOut(msgspec.Struct, frozen=True):
    items: list[KeyOut]
    next_cursor: None = None


class TenantOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    status: str
    created_at: datetime


class RotateIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    overlap_hours: Annotated[float, Meta(ge=0, le=2160)] = 24


@get("/v1/tenant")
async def read(services: Services, principal: Principal) -> TenantOut:
    """The tenant that this key belongs to."""
    tenant = await services.store.latest(Tenant, principal.tenant, tenant=principal.tenant)
    return TenantOut(
        id=tenant.id, name=tenant.state.name, status=tenant.state.status, created_at=tenant.created_on
    )


@get("/v1/keys")
async def list_keys(services: Services, principal: Principal) -> KeysOut:
    """The tenant's API keys, without their secrets."""
    principal.require("tenants:admin")
    tenant = await services.store.load(Tenant, principal.tenant, tenant=principal.tenant)
    return KeysOut(
        [
            KeyOut(
                id=key.id, name=key.name, scopes=key.scopes, expires_at=key.expires_at, revoked=key.revoked
            )
            for key in tenant.state.keys.values()
        ]
    )


@post("/v1/keys", status_code=201)
async def issue(
    data: IssueKey, services: Services, principal: Principal, context: Context
) -> Response[KeyIssued]:
    """A new key; its secret is shown this once."""
    principal.require("tenants:admin")
    issued = await issue_key(data, context, store=services.store, clock=services.clock)
    return Response(issued, status_code=201, headers=written(issued.position))


@post("/v1/keys/{key:str}/rotate", status_code=201)
async def rotate(
    key: str, services: Services, principal: Principal, context: Context, data: RotateIn | None = None
) -> Response[KeyIssued]:
    """A new key in the place of this one, which goes on for some hours."""
    principal.require("tenants:admin")
    command = RotateKey(key=key, overlap_hours=(data or RotateIn()).overlap_hours)
    issued = await rotate_key(command, context, store=services.store, clock=services.clock)
    return Response(issued, status_code=201, headers=written(issued.position))


@delete("/v1/keys/{key:str}", status_code=204)
async def revoke(key: str, services: Services, principal: Principal, context: Context) -> Response[None]:
    """Revoke a key."""
    principal.require("tenants:admin")
    position = await revoke_key(RevokeKey(key=key), context, store=services.store, clock=services.clock)
    return Response(None, status_code=204, headers=written(position))


ROUTER = Router("/", route_handlers=[read, list_keys, issue, rotate, revoke], tags=["tenant"])
