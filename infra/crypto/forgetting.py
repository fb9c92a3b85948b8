"""Drops from this process's memory, within seconds, the keys that other processes have destroyed.

What was destroyed lately is asked of the database, which costs an index probe a tenant; a hint through Redis could be lost.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg

from application.base.tasks import cancel_and_wait
from application.ports import Unavailable
from domain.base.aggregate import NIL
from infra.crypto.keyring import Keyring
from infra.postgres.database import Database

log = logging.getLogger("retrace.keys")

EVERY = 1.0
"""Seconds between two looks."""
OVERLAP = 10.0
"""Seconds that two looks have in common: an erasure's commit comes after its time, and so may the caching of a key that was read
just before."""


@asynccontextmanager
async def forgetting(system: Database, keyring: Keyring, *, every: float = EVERY) -> AsyncIterator[None]:
    """While this is open, `keyring` keeps no destroyed key for long. `system` has the role `retrace_runner`."""
    task = asyncio.create_task(_run(system, keyring, every))
    try:
        yield
    finally:
        await cancel_and_wait(task)


async def _run(system: Database, keyring: Keyring, every: float) -> None:
    looked = time.monotonic()
    away = False
    while True:
        await asyncio.sleep(every)
        now = time.monotonic()
        try:
            await _look(system, keyring, now - looked + OVERLAP)
            looked, away = now, False
        except (Unavailable, psycopg.Error) as error:
            if not away:  # the next look goes back as far as the last that came to something
                log.warning("cannot ask which keys were destroyed: %s", type(error).__name__)
            away = True


async def _look(system: Database, keyring: Keyring, seconds: float) -> None:
    if not keyring.served:
        return
    query = (
        "SELECT tenant, subject FROM destroyed_keys "
        "WHERE tenant = ANY(%s) AND at > clock_timestamp() - %s * interval '1 second'"
    )
    async with system.system() as connection:
        values = [list(keyring.served), seconds]
        rows = await (await connection.execute(query, values, binary=True, prepare=True)).fetchall()
    for tenant, subject in rows:
        if subject == NIL:  # the whole tenant went
            keyring.forget_tenant(tenant)
        else:
            keyring.forget(tenant, subject)
