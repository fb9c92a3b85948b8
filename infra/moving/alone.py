"""One move, export or import of a tenant at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import psycopg

from domain.base.errors import Refused
from infra.moving.side import Side


@asynccontextmanager
async def alone(side: Side, tenant: UUID) -> AsyncIterator[None]:
    """Nobody else moves this tenant at the same time. Raises Refused."""
    key = [str(tenant)]
    if (await side.one("SELECT pg_try_advisory_lock(7266, hashtext(%s))", key))[0] is not True:
        raise Refused(f"somebody else moves tenant {tenant} at the moment")
    try:
        yield
    finally:
        with suppress(psycopg.Error):  # a lock goes with its connection, and what is done is done
            await side.connection.execute("SELECT pg_advisory_unlock(7266, hashtext(%s))", key)
