"""Read models that come to the end of the log."""

from __future__ import annotations

import asyncio
import time

import psycopg

from projections import PROJECTIONS


async def at_the_end(url: str, tenants: int) -> None:
    """Until every projection has come to the end of every tenant's log."""
    query = "SELECT count(*) FROM retrace.heads h JOIN retrace.cursors c USING (tenant) WHERE c.seq = h.seq AND c.stopped IS NULL"
    deadline = time.monotonic() + 120
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(query).fetchone() != (len(PROJECTIONS) * tenants,):
            assert time.monotonic() < deadline, "the projectors did not come to the end of the log"
            await asyncio.sleep(0.2)
