"""When a tenant's alerts are looked at again: soon while something may change by the clock alone, else when the next five minutes begin. Pure.

Figures are sums of slots of five minutes: with no event since, a look says the same until a slot ends. Whoever appends an event, or parks work, has the
look come sooner (infra/alerts/keeping.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from domain.insight.alerts.counted import slot_of, start_of
from domain.insight.alerts.status import Status


def settled(statuses: Iterable[Status], at: datetime) -> bool:
    """Whether no change is pending, nothing is silenced, and nobody was told of what still holds: none of these alerts changes, or is told of, by
    the clock alone."""
    return all(
        each.pending is None
        and each.told is None
        and (each.told_at is None or not each.firing)
        and not each.silenced(at)
        for each in statuses
    )


def next_look(tenant: UUID, at: datetime, interval: timedelta, quiet: bool) -> datetime:
    """`quiet`: the look was of all there is, has changed nothing, and all is settled. Tenants are spread over the interval after a slot has ended."""
    soon = at + interval
    if not quiet:
        return soon
    return max(soon, start_of(slot_of(at) + 1) + interval * (tenant.int % 1000 / 1000))
