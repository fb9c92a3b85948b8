"""The tenants of this cell. Implements `application.ports.Directory`."""

from __future__ import annotations

from uuid import UUID

from domain.base.errors import Moved
from infra.postgres.database import Database

HERE = "closed_until IS DISTINCT FROM 'infinity'"
"""Of heads: the tenant is this deployment's, and not another's already, or still."""


class CellDirectory:
    """`system` is a database of role retrace_runner."""

    def __init__(self, system: Database) -> None:
        self._system = system

    async def has(self, tenant: UUID) -> bool:
        query = (
            f"SELECT m.place, {HERE} FROM heads h LEFT JOIN tenant_moves m ON m.tenant = h.tenant AND m.state = 'moved' "
            "WHERE h.tenant = %s"
        )
        async with self._system.system() as connection:
            row = await (await connection.execute(query.encode(), [tenant])).fetchone()
        if row is not None and row[0] is not None:
            raise Moved(row[0])
        return row is not None and bool(row[1])

    async def count(self) -> int:
        async with self._system.system() as connection:
            row = await (
                await connection.execute(f"SELECT count(*) FROM heads WHERE {HERE}".encode())
            ).fetchone()
        return row[0] if row is not None else 0

    async def tenants(self, *, after: UUID, limit: int) -> list[UUID]:
        query = f"SELECT tenant FROM heads WHERE tenant > %s AND {HERE} ORDER BY tenant LIMIT %s"
        async with self._system.system() as connection:
            rows = await (await connection.execute(query.encode(), [after, limit])).fetchall()
        return [row[0] for row in rows]
