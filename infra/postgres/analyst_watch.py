"""Ends analysts' transactions that go on for too long: a session may set its own time-outs aside, and what it holds keeps others waiting."""

from __future__ import annotations

import asyncio
import logging

import psycopg

from application.ports import Unavailable
from infra.postgres.database import Database

log = logging.getLogger("retrace.database")

LONGEST = 60
"""Seconds of an analyst's transaction; a statement of his has 30, unless he says otherwise (infra/schema/297_analyst_logins.sql)."""

EVERY = 5.0
"""Seconds between two looks."""


async def watch_analysts(system: Database) -> None:
    """For as long as the process runs; any number may. `system` has the role retrace_runner."""
    while True:
        try:
            async with system.system() as connection:
                ended = "SELECT end_analysts(make_interval(secs => %s))"
                row = await (await connection.execute(ended, [LONGEST])).fetchone()
            if row is not None and row[0]:
                log.warning(
                    "%d sessions of analysts were ended: they held a transaction for over %d s",
                    row[0],
                    LONGEST,
                )
        except (Unavailable, psycopg.Error) as error:
            log.warning("sessions of analysts are not looked at: %s", type(error).__name__)
        await asyncio.sleep(EVERY)
