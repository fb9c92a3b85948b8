"""Where read models stand: what is read (`live`), what is built beside it (`next`), what was live before (`old`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from domain.base.aggregate import NIL
from infra.postgres import citus
from infra.postgres.cell import Cell, Role
from infra.postgres.database import Database
from infra.postgres.session import Connection, connect

Place = Literal["live", "next", "old"]
SCHEMAS: dict[Place, str] = {"live": "retrace", "next": "retrace_next", "old": "retrace_old"}


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """A projection's tables in one place. `tenant` is NIL where they are of all tenants."""

    tenant: UUID
    projection: str
    place: Place
    version: int
    tables: list[str]
    until: int | None
    begun_at: datetime
    built_at: datetime | None

    def scope(self) -> UUID | None:
        """The only tenant that it is of."""
        return None if self.tenant == NIL else self.tenant


def placed(cell: Cell, role: Role, place: Place, *, size: int) -> Database:
    """Connections for which names without a schema are those of `place`.

    Those that write see no other place: a copy that was put in place or dropped meanwhile must not be taken for the live one.
    """
    alone = role == "retrace_projector" and place != "live"
    schemas = [SCHEMAS[place]] if alone else dict.fromkeys([SCHEMAS[place], "retrace"])
    return Database(cell, role=role, size=size, schemas=(*schemas, "public"))


async def builds(system: Database, projection: str | None = None) -> list[Build]:
    """What stands where. `system` has the role retrace_runner."""
    async with system.system() as connection:
        cursor = connection.cursor(row_factory=class_row(Build))
        query = "SELECT * FROM retrace.builds WHERE %(name)s::text IS NULL OR projection = %(name)s ORDER BY projection, place"
        await cursor.execute(query, {"name": projection})
        return await cursor.fetchall()


@asynccontextmanager
async def as_builder(cell: Cell) -> AsyncIterator[Connection]:
    """A transaction with the rights of the read models' owner. Raises LoginRefused, WrongSession, psycopg.Error; on a Citus Unavailable."""
    async with await connect(cell, "retrace_builder") as connection:
        with citus.told() if cell.distributed else nullcontext():
            async with connection.transaction():
                await connection.execute("SET LOCAL ROLE retrace_builder")  # whose the tables are to be
                if cell.distributed:
                    await connection.execute(citus.SEQUENTIAL)
                yield connection


async def together(connection: Connection, steps: Sequence[str], *, spread: bool) -> None:
    """In one round trip; `spread`: on a Citus one by one, for it passes a message of several on as it is, or refuses it."""
    for text in steps if spread else ["; ".join(steps)]:
        await connection.execute(text.encode())
