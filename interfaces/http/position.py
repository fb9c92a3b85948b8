"""`Retrace-Position`: every write answers with it, every read can ask to be at least as new."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar.params import HeaderParameter

from interfaces.bootstrap import Services

POSITION = "Retrace-Position"

AtLeast = Annotated[
    int | None,
    HeaderParameter(
        name=POSITION,
        ge=0,
        le=2**62,
        description="Be at least as new as this position, which a write returned. Waits up to 2 s for the read model, "
        "then 503 with Retry-After; 400 for a position that the log has not come to.",
    ),
]


async def written(services: Services, tenant: UUID, position: int) -> dict[str, str]:
    """The header that every write answers with. 0: nothing was to be written, so what is there now counts."""
    return {POSITION: str(position or await services.reads.head(tenant))}
