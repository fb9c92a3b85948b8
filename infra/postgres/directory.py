"""The tenants of this cell. Implements `application.ports.Directory`."""

from __future__ import annotations

from uuid import UUID

from infra.postgres.database import Database


class CellDirectory:
    """`system` is a database of role retrace_runner."""

    def __init__(self, system: Database) -> None:
        self._system = system

    async def has(self, tenant: UUID) -> bool:
        async with self._system.system() as connection:
            query = "SELECT 1 FROM heads WHERE tenant = %s"
            return await (await connection.execute(query, [tenant])).fetchone() is not None

    async def tenants(self, *, after: UUID, limit: int) -> list[UUID]:
        query = "SELECT tenant FROM heads WHERE tenant > %s ORDER BY tenant LIMIT %s"
        async with self._system.system() as connection:
            return [row[0] for row in await (await connection.execute(query, [after, limit])).fetchall()]
