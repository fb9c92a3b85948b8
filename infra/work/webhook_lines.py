"""How far deliveries to webhooks have come, and who is owed what. Implements `application.ports.Lines`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from application.ports import Line
from infra.log.finding import head
from infra.postgres.database import Database

_COLUMNS = "position, last, tries, refused, delivered, not_before, reason, told_at, topics_at"

_BEGIN = f"""
    INSERT INTO webhook_lines AS l (tenant, line, topics, target, position, last)
    VALUES (%(tenant)s, %(line)s, %(topics)s, %(target)s, %(position)s, %(last)s)
    ON CONFLICT (tenant, line) DO UPDATE SET topics = excluded.topics, target = excluded.target,
        topics_at = CASE WHEN l.topics = excluded.topics THEN l.topics_at ELSE now() END,
        tries = CASE WHEN l.target = excluded.target THEN l.tries ELSE 0 END,
        refused = CASE WHEN l.target = excluded.target THEN l.refused ELSE 0 END,
        not_before = CASE WHEN l.target = excluded.target THEN l.not_before END
    RETURNING {_COLUMNS}, (SELECT seq FROM heads h WHERE h.tenant = l.tenant)
"""


class StoredLines:
    """`database` has the role of the application."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(
        self,
        tenant: UUID,
        line: str,
        topics: Sequence[str],
        target: bytes,
        *,
        position: int,
        last: int | None = None,
    ) -> Line:
        values = {
            "target": target,
            "tenant": tenant,
            "line": line,
            "topics": list(topics),
            "position": position,
            "last": last,
        }
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute(_BEGIN, values)).fetchone()
        assert row is not None
        *columns, end = row
        return _line(columns, end or 0)

    async def advance(
        self, tenant: UUID, line: str, position: int, *, delivered: int, refused: int = 0
    ) -> None:
        update = """
            UPDATE webhook_lines SET position = greatest(position, %s), delivered = delivered + %s, refused = %s, tries = 0,
                not_before = NULL, reason = CASE WHEN %s > 0 THEN NULL ELSE reason END,
                told_at = CASE WHEN %s > 0 THEN now() ELSE told_at END
            WHERE tenant = %s AND line = %s
        """
        values = (position, delivered, refused, delivered, delivered, tenant, line)
        async with self._database.tenant(tenant) as connection:
            await connection.execute(update, values)

    async def fail(self, tenant: UUID, line: str, *, tries: int, not_before: datetime, reason: str) -> None:
        update = "UPDATE webhook_lines SET tries = %s, not_before = %s, reason = %s WHERE tenant = %s AND line = %s"
        async with self._database.tenant(tenant) as connection:
            await connection.execute(update, (tries, not_before, reason, tenant, line))

    async def end(self, tenant: UUID, line: str) -> None:
        async with self._database.tenant(tenant) as connection:
            await connection.execute(
                "DELETE FROM webhook_lines WHERE tenant = %s AND line = %s", (tenant, line)
            )

    async def head(self, tenant: UUID) -> int:
        return await head(self._database, tenant)

    async def all(self, tenant: UUID) -> Mapping[str, Line]:
        query = f"SELECT line, {_COLUMNS} FROM webhook_lines WHERE tenant = %s"
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute(query, [tenant])).fetchall()
        return {line: _line(columns, 0) for line, *columns in rows}


def _line(columns: Sequence[Any], end: int) -> Line:
    return Line(head=end, **dict(zip(_COLUMNS.split(", "), columns, strict=True)))
