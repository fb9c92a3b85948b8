"""Which part of the log to look through for what is wanted, and what to ask of it. Seldom topics have an index, nothing else has."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from application.ports import FREQUENT, Wanted
from infra.postgres.database import Asking

SKEW = timedelta(seconds=20)
"""By so much at most an event's time lies before that of an event with a lower position: `append` holds writers to it."""

FILTERS = {
    "stream": "stream = ${}",
    "topics": "topic = ANY(${})",
    "actor": "actor = ${}",
    "correlation": "correlation = ${}",
    "since": "recorded_at >= ${}",
    "until": "recorded_at <= ${}",
}


RARE = f"AND topic <> ALL (ARRAY[{', '.join(repr(topic) for topic in sorted(FREQUENT))}]) "
"""As the index has it: the planner knows it again by its words."""


def conditions(wanted: Wanted, after: int) -> tuple[str, list[Any]]:
    """SQL to go on with after a condition, and the values of its placeholders, which follow number `after`."""
    given = {name: value for name in FILTERS if (value := getattr(wanted, name))}
    text = "".join(f"AND {FILTERS[name].format(n)} " for n, name in enumerate(given, after + 1))
    return text + (RARE if wanted.seldom else ""), [
        list(value) if isinstance(value, tuple) else value for value in given.values()
    ]


async def head(database: Asking, tenant: UUID) -> int:
    """The position of the tenant's last event; 0 when there is none."""
    rows = await database.read(tenant, "SELECT seq FROM heads WHERE tenant = $1", tenant)
    return int(rows[0][0]) if rows else 0


async def position_before(database: Asking, tenant: UUID, at: datetime, low: int, high: int) -> int:
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


async def all_later(database: Asking, tenant: UUID, at: datetime, after: int) -> bool:
    """Whether all that follows a position was recorded later than `at`."""
    moment = await _moment(database, tenant, after)
    return moment is not None and moment - SKEW > at


async def _moment(database: Asking, tenant: UUID, after: int) -> datetime | None:
    """When the event that follows a position was recorded."""
    query = "SELECT recorded_at FROM events WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT 1"
    rows = await database.read(tenant, query, tenant, after)
    return rows[0][0] if rows else None
