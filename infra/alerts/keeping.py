"""Sees to it that each tenant's alerts are looked at. Goes in each worker; several do no harm."""

from __future__ import annotations

import asyncio
import logging

import psycopg

from application.ports import Fault
from infra.postgres.database import Database
from infra.work.error_text import error_text

log = logging.getLogger("retrace.alerts")

EVERY, OFTENEST = 10.0, 0.2
"""Seconds: so often at least, and where looks themselves are less than a minute apart six times as often as they, OFTENEST at most."""


async def keep_alert_looks(system: Database, spread: float) -> None:
    """For ever. `system` has the role retrace_runner; a look comes within `spread` seconds, of a tenant whose log moves on too. Faults of the database are told, and it is tried again."""
    while True:
        try:
            await owe_alert_looks(system, spread)
            await hasten_alert_looks(system, spread)
        except (Fault, psycopg.Error, OSError) as error:
            log.warning("alerts' looks were not owed", extra={"facts": {"reason": error_text(error)}})
        await asyncio.sleep(min(EVERY, max(OFTENEST, spread / 6)))


async def owe_alert_looks(system: Database, spread: float) -> None:
    async with system.system() as connection:
        await connection.execute("SELECT owe_alert_looks(%s)", [spread])


async def hasten_alert_looks(system: Database, apart: float) -> None:
    """Of tenants whose log has moved on since it was done last, or of which work was parked; `apart` seconds between two looks at one."""
    async with system.system() as connection:
        await connection.execute("SELECT hasten_alert_looks(%s)", [apart])
