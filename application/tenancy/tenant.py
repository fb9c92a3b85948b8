"""Tenants: created, renamed, suspended, resumed, summed up."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from application.ports import ANALYST_LOGINS_WORK, Clock, Due, Ids, Store
from application.tenancy.amend import amend_tenant
from application.tenancy.api_key import new_key
from domain.agents.agent import Agent
from domain.base.context import Context
from domain.base.errors import Erased
from domain.gateway.policy import RoutingPolicy
from domain.gateway.router import Router
from domain.tenancy.scopes import SCOPES
from domain.tenancy.tenant import Tenant


class CreateTenant(msgspec.Struct, frozen=True, kw_only=True):
    name: str


class TenantCreated(msgspec.Struct, frozen=True, kw_only=True):
    tenant: UUID
    key: str
    position: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant as the operator sees it. `erase_at`: when a removed one is erased, or was; of an erased one the name is gone too."""

    tenant: UUID
    version: int
    name: str
    status: Literal["active", "suspended", "removed", "erased"]
    created_at: datetime
    erase_at: datetime | None = None


async def create_tenant(
    command: CreateTenant,
    *,
    actor: str,
    store: Store,
    clock: Clock,
    ids: Ids,
    policy: RoutingPolicy | None = None,
    correlation: UUID | None = None,
) -> TenantCreated:
    """A tenant with its agent, the routing `policy` that it has by default, and a first key that has all scopes."""
    tenant_id, now = ids(), clock()
    context = Context(tenant=tenant_id, actor=actor, correlation=correlation or ids())
    tenant = Tenant.begin(tenant_id, command.name, now)
    _, text = new_key(tenant, "first key", SCOPES, None, now)
    agent = Agent.begin(tenant_id, now)
    begun: list[Tenant | Agent | Router] = [tenant, agent]
    if policy is not None:
        router = Router.begin(tenant_id, now)
        router.default(policy, now)
        begun.append(router)
    saved = await store.save(*begun, context=context)
    return TenantCreated(tenant=tenant_id, key=text, position=saved.position)


async def suspend_tenant(reason: str | None, context: Context, *, store: Store, clock: Clock) -> int:
    """No message is taken and no key works until it is resumed. Returns the position, 0 when it was so already."""
    return await amend_tenant(
        lambda tenant: tenant.suspend(reason, clock()), context, store, logins_of(context, clock)
    )


async def resume_tenant(context: Context, *, store: Store, clock: Clock) -> int:
    """Returns the position, 0 when it was active already."""
    return await amend_tenant(
        lambda tenant: tenant.resume(clock()), context, store, logins_of(context, clock)
    )


def logins_of(context: Context, clock: Clock) -> list[Due]:
    """Its analysts' logins in the database are locked, or are not any more."""
    return [Due(kind=ANALYST_LOGINS_WORK, key=context.tenant.hex, due_at=clock())]


async def rename_tenant(name: str, context: Context, *, store: Store, clock: Clock) -> int:
    """Returns the position, 0 when it had this name already."""
    return await amend_tenant(lambda tenant: tenant.rename(name, clock()), context, store)


async def summary_of(tenant: UUID, *, store: Store) -> Summary:
    """Raises NotFound."""
    try:
        found = await store.load(Tenant, tenant, tenant=tenant)
    except Erased:
        return await _erased(tenant, store)
    state = found.state
    return Summary(
        tenant=tenant,
        version=found.version,
        name=state.name,
        status=state.status,
        created_at=found.created_on,
        erase_at=state.erase_at,
    )


async def _erased(tenant: UUID, store: Store) -> Summary:
    """What the log still tells."""
    times = [recorded.recorded_at async for recorded in store.stream(tenant, tenant)]
    return Summary(
        tenant=tenant,
        version=len(times),
        name="",
        status="erased",
        created_at=times[0],
        erase_at=times[-1],
    )
