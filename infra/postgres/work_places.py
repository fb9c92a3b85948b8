"""Whether anybody waits for a place of work. Implements `application.ports.WorkPlaces`."""

from __future__ import annotations

from infra.postgres.database import Database

DUE = "SELECT EXISTS (SELECT 1 FROM work WHERE kind = %s AND wake_at <= clock_timestamp() AND parked_at IS NULL)"
"""A row that somebody has wakes up when their lease ends."""


class DatabaseWorkPlaces:
    def __init__(self, system: Database) -> None:
        self._system = system

    async def waited_for(self, kind: str) -> bool:
        async with self._system.system() as connection:
            row = await (await connection.execute(DUE, (kind,), prepare=True)).fetchone()
        return row is not None and bool(row[0])
