"""Commands about the tenant itself."""

from __future__ import annotations

from collections.abc import Callable

from application.base.amend import amend
from application.ports import Store, Work
from domain.base.context import Context
from domain.tenancy.tenant import Tenant


async def amend_tenant(
    decide: Callable[[Tenant], None], context: Context, store: Store, work: Work = ()
) -> int:
    """As `amend`, of the context's tenant. Returns the position, 0 when nothing was to be changed."""
    _, saved = await amend(Tenant, context.tenant, decide, context=context, store=store, work=work)
    return saved.position
