"""A tenant's log that may not be written here at the moment, or any more: it moves to another deployment (docs/moving.md)."""

from __future__ import annotations

import psycopg

from application.ports import Unavailable
from domain.base.errors import Moved

MOVING = "this tenant moves to another deployment at this moment; try again in some seconds"


def closed(error: Exception) -> Exception | None:
    """What a writer hears of the fence around a tenant's head (infra/schema/340_moves.sql); None: that was something else."""
    if not isinstance(error, psycopg.errors.RestrictViolation):
        return None
    if error.diag.message_primary == "tenant has moved":
        return Moved(error.diag.message_detail or "another deployment")
    return Unavailable(MOVING)
