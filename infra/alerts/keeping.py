"""Sees to it that each tenant's alerts are looked at. Goes in each worker; several do no harm."""

from __future__ import annotations

import asyncio
import logging

import psycopg

from application.ports import Fault
from infra.postgres.database import Database
from infra.work.error_text import error_text

log = logging.getLogger("retrace.alerts")

EVERY = 30.0
"""Seconds."""


async def keep_alert_looks(system: Database, spread: float) -> None:
    """For ever. `system` has the role retrace_runner; a look comes within `spread` seconds. Faults of the database are told, and it is tried again."""
    while True:
        try:
            await owe_alert_looks(system, spread)
        except (Fault, psycopg.Error, OSError) as error:
            log.warning("alerts' looks were not owed", extra={"facts": {"reason": error_text(error)}})
        await asyncio.sleep(EVERY)


async def owe_alert_looks(system: Database, spread: float) -> None:
    async with system.system() as connection:
        await connection.execute("SELECT owe_alert_looks(%s)", [spread])
