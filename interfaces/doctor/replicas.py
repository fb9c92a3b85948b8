"""Read replicas: whether each can be read from, and how far behind it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import psycopg

from application.ports import Fault
from infra.postgres.cell import Cell
from infra.postgres.session import connect
from infra.replicas.looking import primary_seen, standby_seen, unfit
from infra.server_urls import place_of
from interfaces.doctor.check import Check

LOOK = 0.1
"""Seconds between two looks at how far one has come."""


async def of_replicas(cell: Cell, urls: Sequence[str], bound: float) -> AsyncIterator[Check]:
    """`cell`: the primary, which answers; `bound`: seconds that a replica may be behind. One that may not be read from costs no request: they
    go to the primary."""
    for url in urls:
        name = f"replica {place_of(url)}"
        try:
            ok, detail = await _looked_at(cell, Cell(url, cell.master), bound)
        except (Fault, psycopg.Error) as error:
            said = str(error).strip().partition("\n")[0]
            ok, detail = False, f"it can't be asked ({said}); reads go to the primary until then"
        yield Check(name, ok, detail)


async def _looked_at(primary: Cell, standby: Cell, bound: float) -> tuple[bool, str]:
    """Raises Fault, psycopg.Error."""
    async with (
        await connect(primary, "retrace_runner") as one,
        await connect(standby, "retrace_runner") as other,
    ):
        began = time.monotonic()
        wanted = await primary_seen(one)
        while True:
            seen = await standby_seen(other)
            if (why := unfit(wanted, seen)) or seen is None:
                return False, why
            late = time.monotonic() - began
            if seen.reached >= wanted.reached:
                return True, f"follows, {late:.1f} s behind at most"
            if late > bound:
                return False, (
                    f"more than {bound:.0f} s behind (RETRACE_REPLICA_LAG): it is not read from; look at its log, "
                    "and at pg_stat_replication of the primary"
                )
            await asyncio.sleep(LOOK)
