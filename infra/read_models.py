"""Makes the read models' tables, each under the same rules: owned by nobody who logs in, one tenant's rows at a time."""

from __future__ import annotations

from sqlalchemy.schema import CreateIndex, CreateTable

from infra.database import Connection
from infra.sql import DIALECT
from projections import PROJECTIONS

POLICY = "nullif(current_setting('retrace.tenant', true), '')::uuid"


async def create_read_models(connection: Connection) -> None:
    """Create what is missing. `connection` is a superuser's, or the owner's; safe to repeat."""
    async with connection.transaction():
        await connection.execute("SET LOCAL ROLE retrace_owner")
        rows = await (
            await connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'retrace'::regnamespace"
            )
        ).fetchall()
        there = {row[0] for row in rows}
        for table in (table for projection in PROJECTIONS for table in projection.tables):
            if table.name in there:
                continue
            await connection.execute(str(CreateTable(table).compile(dialect=DIALECT)).encode())
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                await connection.execute(str(CreateIndex(index).compile(dialect=DIALECT)).encode())
            name = f"retrace.{table.name}"
            await connection.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY".encode())
            await connection.execute(f"CREATE POLICY tenant ON {name} USING (tenant = {POLICY})".encode())
            await connection.execute(f"GRANT SELECT ON {name} TO retrace_app".encode())
            await connection.execute(
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO retrace_projector".encode()
            )
