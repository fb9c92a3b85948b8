"""Over which time a board of the tenant's days looks, and by which pieces of it; the boards that have these are asked alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from litestar import Request

from domain.base.errors import Invalid
from domain.insight.calendar import By, today
from interfaces.bootstrap import Services
from interfaces.http.console.insight.board import Times
from interfaces.http.insight.asking import asked_of
from projections.asked import Asked


class Over(NamedTuple):
    """`piece`: what the first column of its tables is."""

    title: str
    by: By
    days: int
    piece: str


OVER: dict[str, Over] = {
    "7": Over("7 days", "day", 7, "Day"),
    "30": Over("30 days", "day", 30, "Day"),
    "90": Over("90 days", "day", 90, "Day"),
    "12w": Over("12 weeks", "week", 84, "Week from"),
    "52w": Over("52 weeks", "week", 364, "Week from"),
    "12m": Over("12 months", "month", 365, "Month from"),
    "24m": Over("24 months", "month", 730, "Month from"),
}
TITLES = {name: each.title for name, each in OVER.items()}


def over_of(request: Request[Any, Any, Any]) -> str:
    """What is asked for, by its name. Raises Invalid."""
    name = request.query_params.get("days", "30")
    if name not in OVER:
        raise Invalid(f"days is one of {', '.join(OVER)}")
    return name


async def asked_over(name: str, services: Services, tenant: UUID) -> Asked:
    """Days of the tenant's, today included; weeks and months from their first day."""
    over = OVER[name]
    asked = await asked_of(services, tenant, None, None, over.by, None)
    end = today(asked.used.zone, services.clock()) + timedelta(days=1)
    since = end - timedelta(days=over.days)
    if over.by == "week":
        since += timedelta(days=-since.weekday() % 7)
    elif over.by == "month":
        since = (since.replace(day=1) + timedelta(days=32)).replace(day=1) if since.day > 1 else since
    return Asked(since=since, until=end, by=over.by, used=asked.used)


def times_of(asked: Asked) -> Sequence[Times]:
    """When each period begins and ends (UTC)."""
    return [(period.start, period.end) for period in asked.periods]
