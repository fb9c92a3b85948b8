"""Removing a tenant: no key of it works from now on; after a time in which it can be restored all of it is erased, by work."""

from __future__ import annotations

from datetime import datetime, timedelta

from application.base.amend import amend
from application.ports import (
    ANALYST_LOGINS_WORK,
    CACHE_KINDS,
    AnalystDatabase,
    Cache,
    Clock,
    Done,
    Due,
    Eraser,
    Files,
    Signer,
    Store,
)
from domain.base.context import Context
from domain.base.errors import Erased
from domain.tenancy.tenant import Tenant

ERASE_TENANT_WORK = "erase_tenant"


async def remove_tenant(grace: timedelta, context: Context, *, store: Store, clock: Clock) -> int:
    """No key works any more, here at once, everywhere within a second; `grace` later it is erased. Returns the position.

    Raises NotFound, and Forbidden when it was removed before.
    """
    now = clock()
    erase_at = now + grace
    _, saved = await amend(
        Tenant,
        context.tenant,
        lambda tenant: tenant.remove(erase_at, now),
        context=context,
        store=store,
        work=[
            Due(kind=ERASE_TENANT_WORK, key=context.tenant.hex, due_at=erase_at),
            Due(kind=ANALYST_LOGINS_WORK, key=context.tenant.hex, due_at=now),
        ],
    )
    return saved.position


async def restore_tenant(context: Context, *, store: Store, clock: Clock) -> int:
    """It is as it was before it was removed. Returns the position. Raises NotFound, Refused once its time is over."""
    _, saved = await amend(
        Tenant,
        context.tenant,
        lambda tenant: tenant.bring_back(clock()),
        context=context,
        store=store,
        work=[
            Done(kind=ERASE_TENANT_WORK, key=context.tenant.hex),
            Due(kind=ANALYST_LOGINS_WORK, key=context.tenant.hex, due_at=clock()),
        ],
    )
    return saved.position


async def erase_tenant(
    context: Context,
    *,
    store: Store,
    eraser: Eraser,
    signer: Signer,
    cache: Cache,
    files: Files,
    analysts: AnalystDatabase,
    clock: Clock,
) -> datetime | None:
    """Erase a removed tenant whose time has come: said by an event and signed, then carried out; again has no further effect.

    Returns when to look again where it has not come yet.
    """
    tenant = context.tenant
    again: datetime | None = None

    def decide(known: Tenant) -> None:
        nonlocal again
        again = known.erase(clock()) if not known.state.erased else None

    try:
        known, _ = await amend(Tenant, tenant, decide, context=context, store=store)
    except Erased:
        pass  # the keys are gone already: what is left is done again
    else:
        if not known.state.erased:
            return again
        await signer.sign_last(tenant)
    for login in await analysts.standing(tenant):
        await analysts.drop(tenant, login.role)
    for kind in CACHE_KINDS:
        await cache.forget(tenant, kind)
    await files.delete_all(tenant)
    await eraser.erase_tenant(tenant, but=ERASE_TENANT_WORK)
    return None
