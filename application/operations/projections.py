"""What belongs on the record of read models: decisions about them, and alerts of what went wrong with them."""

from __future__ import annotations

import msgspec

from application.base.amend import amend
from application.base.setting import change_setting
from application.ports import PROJECTION_ALERT_WORK, Clock, Store
from domain.base.context import Context
from domain.operations.projections import Projections
from domain.tenancy.tenant import Tenant


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


async def raise_projection_alert(key: str, context: Context, *, store: Store, clock: Clock) -> None:
    """Put an alert on record: once for each event that was parked, and each time that a projection stopped. `key` is the work's."""
    what, projection, version, position, *facts = key.split("/")
    about = projection, int(version), int(position)

    def decide(projections: Projections) -> None:
        if what == "parked":
            kind, error = facts
            projections.park(*about, kind=kind, error=error, at=clock())
        elif what == "stopped":
            place, reason, _ = facts
            projections.stop(*about, place=place, reason=reason, at=clock())
        else:
            place, _ = facts
            projections.resume(*about, place=place, at=clock())

    # However often an event is parked, perhaps with another error: in a rebuild, or when it was retried.
    once = "/".join(key.split("/")[:4]) if what == "parked" else key
    inbox = f"{PROJECTION_ALERT_WORK}/{once}"
    await change_setting(Projections, decide, context, store=store, clock=clock, inbox=inbox)
