"""Decisions about read models that belong on the record."""

from __future__ import annotations

import msgspec

from application.context import Context
from application.ports import Clock, Store
from domain.errors import NotFound
from domain.tenant import Tenant


class SkipProjectionEvent(msgspec.Struct, frozen=True, kw_only=True):
    projection: str
    position: int
    reason: str


async def skip_projection_event(
    command: SkipProjectionEvent, context: Context, *, store: Store, clock: Clock
) -> int:
    """The projection leaves this event out, now and in every rebuild. Returns the position, 0 when that was decided before."""

    def decide(tenant: Tenant | None) -> Tenant:
        if tenant is None:
            raise NotFound("there is no such tenant")
        tenant.skip_projection_event(command.projection, command.position, command.reason, clock())
        return tenant

    _, saved = await store.change(Tenant, context.tenant, decide, context=context)
    return saved.position
