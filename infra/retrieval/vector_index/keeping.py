"""Sees to it that large tenants are looked at, and that no index stays that nobody knows of. Goes in each worker; several do no harm."""

from __future__ import annotations

import asyncio
import logging

import psycopg

from application.ports import Fault
from domain.retrieval.vector_index.promotion import IndexRules
from infra.postgres.database import Database
from infra.retrieval.vector_index.indexes import ABANDONED, PREFIX, PgVectorIndexes
from infra.work.error_text import error_text

log = logging.getLogger("retrace.retrieval")

EVERY = 60.0
"""Seconds."""


async def keep_vector_indexes(system: Database, indexes: PgVectorIndexes, rules: IndexRules) -> None:
    """For ever. `system` has the role retrace_runner. Faults of the database are told, and it is tried again."""
    while True:
        try:
            await look(system, indexes, rules)
        except (Fault, psycopg.Error, OSError) as error:
            log.warning("vector indexes were not looked at", extra={"facts": {"reason": error_text(error)}})
        await asyncio.sleep(EVERY)


async def look(system: Database, indexes: PgVectorIndexes, rules: IndexRules) -> None:
    """Owe a look at each large tenant, and at each that has an index; drop indexes that are nobody's."""
    async with system.system() as connection:
        await connection.execute("SELECT owe_vector_reviews(%s)", [rules.least])
        abandoned = await (await connection.execute(ABANDONED, [PREFIX])).fetchall()
    for name in await indexes.sweep() if abandoned else ():
        log.warning("an index without a tenant was dropped", extra={"facts": {"index": name}})
