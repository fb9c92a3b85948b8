"""Reads of projections: in the tenant's transaction, and as new as the caller asks for by `Retrace-Position`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from litestar.params import Parameter

from application.ports import Unavailable
from infra.projector import reached
from infra.sql import TransactionSql
from interfaces.bootstrap import Services
from projections.base import Projection, Sql

POSITION = "Retrace-Position"
PATIENCE = timedelta(seconds=2)
"""How long a read waits for its projection."""

AtLeast = Annotated[
    int | None,
    Parameter(
        header=POSITION,
        ge=0,
        le=2**62,
        description="be at least as new as this position, which a write returned",
    ),
]


@asynccontextmanager
async def reading(
    services: Services, tenant: UUID, projection: Projection, at_least: int | None
) -> AsyncIterator[Sql]:
    """Raises Unavailable when the projection does not come to that position in time."""
    if at_least and not await reached(
        services.database, tenant, projection, at_least, services.clock() + PATIENCE
    ):
        raise Unavailable(
            f"{projection.name} has not come to position {at_least} yet; try again, or read without {POSITION}"
        )
    async with services.database.tenant(tenant) as connection:
        yield TransactionSql(connection)


def written(position: int) -> dict[str, str]:
    """The header that every write answers with; 0: nothing was written."""
    return {POSITION: str(position)} if position else {}
