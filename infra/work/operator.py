"""What an operator may do with work: look at it, have it tried again at once, park it. `database` has the role `retrace_runner`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from infra.postgres.database import Database

State = Literal["due", "later", "leased", "parked"]


class WorkRow(msgspec.Struct, frozen=True, kw_only=True):
    """`wake_at`: when it is tried next, or when its lease ends; `error`: of the last try; `correlation` and `causation`: the request
    and the event that it comes of."""

    tenant: UUID
    kind: str
    key: str
    state: State
    due_at: datetime
    wake_at: datetime
    attempts: int
    error: str | None
    parked_at: datetime | None
    correlation: UUID | None
    causation: UUID | None


async def list_work(
    database: Database,
    *,
    tenant: UUID | None = None,
    kind: str | None = None,
    key: str | None = None,
    parked: bool = False,
    limit: int = 100,
) -> list[WorkRow]:
    """Rows in the order of tenant, kind and key; with `parked` only those. Raises Unavailable."""
    async with database.system() as connection:
        cursor = connection.cursor(row_factory=class_row(WorkRow))
        await cursor.execute(
            """
            SELECT tenant, kind, key, due_at, wake_at, attempts, error, parked_at, correlation, causation,
                CASE WHEN parked_at IS NOT NULL THEN 'parked' WHEN lease_until > now() THEN 'leased'
                    WHEN wake_at <= now() THEN 'due' ELSE 'later' END AS state
            FROM work
            WHERE (%(tenant)s::uuid IS NULL OR tenant = %(tenant)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
                AND (%(key)s::text IS NULL OR key = %(key)s) AND (NOT %(parked)s OR parked_at IS NOT NULL)
            ORDER BY work.tenant, work.kind, work.key LIMIT %(limit)s
            """,
            {"tenant": tenant, "kind": kind, "key": key, "parked": parked, "limit": limit},
        )
        return await cursor.fetchall()


async def retry_work(
    database: Database, *, tenant: UUID, kind: str | None = None, key: str | None = None
) -> int:
    """Make rows due at once, with all their tries before them: parked ones, and those that wait for their time. Returns how many.

    Without a `key` only what is parked or has failed: what is to come later was not asked for one by one. A row that a worker has
    leased stays as it is; one whose worker is gone is due. Raises Unavailable.
    """
    async with database.system() as connection:
        cursor = await connection.execute(
            """
            SELECT kind, key FROM work
            WHERE tenant = %(tenant)s AND (%(kind)s::text IS NULL OR kind = %(kind)s)
                AND (%(key)s::text IS NULL OR key = %(key)s)
                AND (parked_at IS NOT NULL OR %(key)s::text IS NOT NULL OR attempts > 0)
                AND coalesce(lease_until <= now(), true)
            FOR UPDATE SKIP LOCKED
            """,
            {"tenant": tenant, "kind": kind, "key": key},
        )
        rows = await cursor.fetchall()
        cursor = await connection.execute(
            """
            UPDATE work w SET parked_at = NULL, attempts = 0, wake_at = now(), holder = NULL, lease_until = NULL
            FROM unnest(%s::text[], %s::text[]) AS u (kind, key)
            WHERE w.tenant = %s AND w.kind = u.kind AND w.key = u.key
            """,
            ([row[0] for row in rows], [row[1] for row in rows], tenant),
        )
        return cursor.rowcount


async def park_work(database: Database, *, tenant: UUID, kind: str, key: str) -> bool:
    """Park a row until it is retried or owed again; a worker that has it loses its lease. False: there is none to park."""
    async with database.system() as connection:
        cursor = await connection.execute(
            """
            UPDATE work SET parked_at = now(), holder = NULL, lease_until = NULL, error = 'parked by an operator'
            WHERE tenant = %s AND kind = %s AND key = %s AND parked_at IS NULL
            """,
            (tenant, kind, key),
        )
        return cursor.rowcount == 1
