"""When operators' sessions were last used, in a table under row-level security. Implements `application.ports.SessionUse`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from infra.postgres.database import Database

KEPT = timedelta(days=8)
"""After which a row is of no use any more: no session lasts so long."""


class StoredSessionUse:
    """`database` has the role of the application."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, tenant: UUID, operator: UUID) -> Mapping[str, datetime]:
        query = "SELECT session, used_at FROM operator_sessions WHERE tenant = %s AND operator = %s"
        async with self._database.tenant(tenant) as connection:
            return dict(await (await connection.execute(query, [tenant, operator])).fetchall())

    async def used(self, tenant: UUID, operator: UUID, session: str, at: datetime) -> None:
        """Also takes away what is of no use any more."""
        upsert = (
            "INSERT INTO operator_sessions AS s VALUES (%s, %s, %s, %s) ON CONFLICT (tenant, operator, session) "
            "DO UPDATE SET used_at = excluded.used_at WHERE s.used_at < excluded.used_at"
        )
        sweep = "DELETE FROM operator_sessions WHERE tenant = %s AND operator = %s AND used_at < %s"
        async with self._database.tenant(tenant) as connection:
            await connection.execute(upsert, [tenant, operator, session, at])
            await connection.execute(sweep, [tenant, operator, at - KEPT])
