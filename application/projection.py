"""Decisions about read models that belong on the record."""

from __future__ import annotations

import msgspec

from application.changing import amend
from application.context import Context
from application.ports import Clock, Store
from domain.tenant import Tenant


class SkipProjectionEvent(msgspec.Struct, frozen=True, kw_only=True):
    projection: str
    position: int
    reason: str


async def skip_projection_event(
    command: SkipProjectionEvent, context: Context, *, store: Store, clock: Clock
) -> int:
    """The projection leaves this event out, now and in every rebuild. Returns the position, 0 when that was decided before."""
    _, saved = await amend(
        Tenant,
        context.tenant,
        lambda tenant: tenant.skip_projection_event(
            command.projection, command.position, command.reason, clock()
        ),
        context=context,
        store=store,
    )
    return saved.position
