"""What routes of figures are asked by: days, by which of them, in whose time zone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Annotated
from uuid import UUID

from litestar.params import QueryParameter
from msgspec.structs import replace

from application.insight.definitions import definitions_of
from application.tenancy.time_zone import time_zone_of
from domain.insight.calendar import By, days, today
from interfaces.bootstrap import Services
from projections.asked import Asked, Per
from projections.base import Projection, Sql

Since = Annotated[
    date | None,
    QueryParameter(
        description="The first day, as 2026-01-31; without it the last 30 days, 12 weeks or 12 months."
    ),
]
Until = Annotated[date | None, QueryParameter(description="The day after the last one; by default tomorrow.")]
Group = Annotated[
    By,
    QueryParameter(description="By day (100 at most), week (from Monday), month (800 days), or all at once."),
]
Whose = Annotated[
    Per, QueryParameter(description="Of all, or of each model, provider, arm, channel, intent.")
]
Zone = Annotated[
    str | None,
    QueryParameter(
        max_length=64,
        description="Whose days they are, as Europe/Berlin; without it the time zone of the definitions, else the tenant's.",
    ),
]


async def asked_of(
    services: Services, tenant: UUID, since: date | None, until: date | None, by: By, tz: str | None
) -> Asked:
    """Raises Invalid."""
    used = await definitions_of(tenant, store=services.store)
    zone = await time_zone_of(tenant, tz or used.values.time_zone, store=services.store)
    used = replace(used, values=replace(used.values, time_zone=zone))
    start, end = days(since, until, by, today(zone, services.clock()))
    return Asked(since=start, until=end, by=by, used=used)


@asynccontextmanager
async def known_to(
    services: Services, tenant: UUID, *projections: Projection, at_least: int | None
) -> AsyncIterator[Sql]:
    """A transaction that sees each of these read models at position `at_least` or later. Raises Unavailable."""
    for projection in projections[:-1]:
        async with services.reads.at(tenant, projection, at_least):
            pass
    async with services.reads.at(tenant, projections[-1], at_least) as sql:
        yield sql
