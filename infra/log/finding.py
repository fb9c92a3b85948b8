"""Which part of the log to look through for what is wanted, and what to ask of it. No index serves this."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from application.ports import Wanted
from infra.postgres.database import Database

SKEW = timedelta(seconds=20)
"""By so much at most an event's time lies before that of an event with a lower position: `append` holds writers to it."""

FILTERS = {
    "stream": "stream = %(stream)s",
    "topics": "topic = ANY(%(topics)s)",
    "actor": "actor = %(actor)s",
    "correlation": "correlation = %(correlation)s",
    "since": "recorded_at >= %(since)s",
    "until": "recorded_at <= %(until)s",
}


def conditions(wanted: Wanted) -> str:
    """SQL to go on with after a condition; its parameters are the fields of `wanted`."""
    return "".join(f"AND {text} " for name, text in FILTERS.items() if getattr(wanted, name))


async def head(database: Database, tenant: UUID) -> int:
    """The position of the tenant's last event; 0 when there is none."""
    async with database.tenant(tenant) as connection:
        query = "SELECT seq FROM heads WHERE tenant = %s"
        row = await (await connection.execute(query, [tenant], prepare=True)).fetchone()
    return int(row[0]) if row else 0


async def position_before(database: Database, tenant: UUID, at: datetime, low: int, high: int) -> int:
    """A position, `low` or later, up to which nothing was recorded at `at` or later. Found by halving."""
    middle = low  # the usual case on all pages but the first: it is there already
    while low < high:
        moment = await _moment(database, tenant, middle)
        if moment is not None and moment + SKEW < at:
            low = middle + 1
        else:
            high = middle
        middle = (low + high) // 2
    return low


async def all_later(database: Database, tenant: UUID, at: datetime, after: int) -> bool:
    """Whether all that follows a position was recorded later than `at`."""
    moment = await _moment(database, tenant, after)
    return moment is not None and moment - SKEW > at


async def _moment(database: Database, tenant: UUID, after: int) -> datetime | None:
    """When the event that follows a position was recorded."""
    query = "SELECT recorded_at FROM events WHERE tenant = %s AND seq > %s ORDER BY seq LIMIT 1"
    async with database.tenant(tenant) as connection:
        row = await (await connection.execute(query, [tenant, after], prepare=True)).fetchone()
    return row[0] if row else None
