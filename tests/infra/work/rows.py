"""Work rows for tests: written as `append` writes them, looked at as nobody else may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

OWE = """
INSERT INTO work AS w (tenant, kind, key, due_at, wake_at) VALUES (%(tenant)s, %(kind)s, %(key)s, %(due)s, %(due)s)
ON CONFLICT (tenant, kind, key) DO UPDATE SET
    due_at = excluded.due_at, wake_at = greatest(excluded.due_at, w.lease_until), revision = w.revision + 1,
    attempts = 0, parked_at = NULL, error = NULL
"""


class Rows:
    """`connection` is a superuser's."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self.connection = connection

    @classmethod
    async def connect(cls, url: str) -> Rows:
        options = "-c search_path=retrace,public"
        return cls(await AsyncConnection.connect(url, autocommit=True, options=options))

    async def clear(self) -> None:
        await self.connection.execute("TRUNCATE work")

    async def owe(self, tenant: UUID, kind: str, key: str, *, after: float = 0) -> None:
        """As `append` does it; `after` is in seconds."""
        due = datetime.now(UTC) + timedelta(seconds=after)
        await self.connection.execute(OWE, {"tenant": tenant, "kind": kind, "key": key, "due": due})

    async def settle(self, tenant: UUID, kind: str, key: str) -> None:
        await self.connection.execute(
            "DELETE FROM work WHERE tenant = %s AND kind = %s AND key = %s", (tenant, kind, key)
        )

    async def fill(self, tenants: Sequence[UUID], kind: str, each: int) -> None:
        """`each` due rows for every tenant."""
        await self.connection.execute(
            """INSERT INTO work (tenant, kind, key, due_at, wake_at)
            SELECT t, %s, 'key ' || n, now(), now() FROM unnest(%s::uuid[]) AS t, generate_series(1, %s) AS n""",
            (kind, list(tenants), each),
        )

    async def get(self, what: str) -> list[tuple[Any, ...]]:
        """These columns of all rows, in order of their key."""
        cursor = await self.connection.execute(f"SELECT {what} FROM work ORDER BY tenant, kind, key".encode())
        return await cursor.fetchall()

    async def one(self, what: str) -> Any:
        ((value,),) = await self.get(what)
        return value

    async def count(self) -> int:
        return len(await self.get("1"))
