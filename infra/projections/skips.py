"""Events that a projection leaves out, because somebody decided so: the decisions are events of the tenant."""

from __future__ import annotations

from uuid import UUID

from domain.tenancy.tenant import Tenant
from infra.log.reader import PAGE, Reader

Skips = frozenset[tuple[str, int]]
"""(projection, position)"""


async def skips_of(reader: Reader, tenant: UUID) -> Skips:
    """What this tenant's projections leave out."""
    found: set[tuple[str, int]] = set()
    after = 0
    while page := await reader.stream(tenant, tenant, after):
        for recorded in page:
            if isinstance(recorded.event, Tenant.ProjectionEventSkipped):
                found.add((recorded.event.projection, recorded.event.position))
        after = page[-1].version
        if len(page) < PAGE:
            break
    return frozenset(found)
