"""Rotation of encryption keys: said by an event first, then carried out; after a crash it is gone on with."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from application.base.amend import amend
from application.ports import Clock, KeyKeeper, Store
from domain.base.context import Context
from domain.tenancy.tenant import Tenant


class TenantKeyRotated(msgspec.Struct, frozen=True, kw_only=True):
    """`resumed`: no new generation was made, because a rotation to this one had not been finished."""

    generation: int
    subjects: int
    resumed: bool


async def rotate_tenant_key(
    context: Context,
    *,
    store: Store,
    keeper: KeyKeeper,
    clock: Clock,
    progress: Callable[[int], object] = lambda _: None,
) -> TenantKeyRotated:
    """A new generation of the tenant's key, with which all its subjects' keys are wrapped anew. Raises NotFound."""
    tenant = context.tenant
    known = await store.load(Tenant, tenant, tenant=tenant)
    newest = await keeper.newest(tenant)
    resumed = known.state.generation > newest or await keeper.outdated(tenant) > 0
    goal = max(known.state.generation, newest) if resumed else newest + 1

    await amend(
        Tenant,
        tenant,
        lambda found: found.rotate_key_of_tenant(goal, keeper.master, clock()),
        context=context,
        store=store,
    )
    await keeper.begin(tenant, goal)
    subjects = await keeper.rewrap_subjects(tenant, progress)
    return TenantKeyRotated(generation=goal, subjects=subjects, resumed=resumed)


async def rotate_master_key(context: Context, *, store: Store, keeper: KeyKeeper, clock: Clock) -> int:
    """Wrap the tenant's keys with the current master key; how many were not. Raises NotFound, Fault."""
    if not await keeper.retired(context.tenant):
        return 0

    await amend(
        Tenant,
        context.tenant,
        lambda found: found.rotate_master_key(keeper.master, clock()),
        context=context,
        store=store,
    )
    return await keeper.rewrap_tenant(context.tenant)
