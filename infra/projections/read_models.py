"""Makes the read models' tables, each under the same rules: owned by the role that builds them, one tenant's rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.schema import CreateIndex, CreateTable

from domain.base.aggregate import NIL
from infra.citus import policies
from infra.postgres.cell import Cell
from infra.postgres.citus import SEQUENTIAL, on_citus
from infra.postgres.session import Connection
from infra.projections.places import SCHEMAS, Place, as_builder
from infra.projections.published import PUBLISHED, opening, publish
from infra.projections.sql import DIALECT
from projections import PROJECTIONS
from projections.base import Projection

UNBUILT = 0
"""The version of live tables that nothing was built in yet."""

POLICY = "(SELECT retrace.tenant())"
READERS = "TO retrace_app, retrace_projector"
"""Who has a tenant's context. Analysts have none, and a policy of their own (infra/projections/published.py)."""


async def create_read_models(connection: Connection, projections: Sequence[Projection] = PROJECTIONS) -> None:
    """Create what is missing, and begin to build beside what is there in an older version. Safe to repeat.

    `connection` is that of `migrate`.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL ROLE retrace_builder")
        if spread := await on_citus(connection):
            await connection.execute(SEQUENTIAL)
        query = "SELECT projection, place, version FROM retrace.builds WHERE tenant = %s"
        rows = await (await connection.execute(query, [NIL])).fetchall()
        versions = {(row[0], row[1]): int(row[2]) for row in rows}
        for projection in projections:
            live = versions.get((projection.name, "live"))
            if live is None:
                # A new one, beside a log that is there already, must not be read before it knows that log.
                live = UNBUILT if await _is_late(connection, projection) else projection.version
                await create_at(connection, projection, "live")
                await note(connection, projection, "live", NIL, None, live)
            if live < projection.version > versions.get((projection.name, "next"), 0):
                await _begin(connection, projection, NIL, None)
        if not spread:  # analysts have no logins there
            await publish(connection, projections)


async def _is_late(connection: Connection, projection: Projection) -> bool:
    """Whether events were recorded before this projection had tables."""
    tables = [f"{SCHEMAS['live']}.{table.name}" for table in projection.tables]
    query = (
        "SELECT EXISTS (SELECT 1 FROM retrace.heads) AND NOT EXISTS (SELECT 1 FROM unnest(%s::text[]) AS t (name) "
        "WHERE to_regclass(name) IS NOT NULL)"
    )
    return await (await connection.execute(query, [tables])).fetchone() == (True,)


async def begin(cell: Cell, projection: Projection, *, tenant: UUID | None, until: int | None) -> None:
    """Empty tables in `next`, in the place of those that are there, from now on to be filled by projectors."""
    async with as_builder(cell) as connection:
        await _begin(connection, projection, tenant or NIL, until)


async def drop(cell: Cell, name: str, place: Place) -> bool:
    """Remove a copy; tells whether there was one."""
    async with as_builder(cell) as connection:
        await connection.execute("SET LOCAL lock_timeout = '5s'")  # who reads it is not held up for long
        await claim(connection, name)
        return await drop_at(connection, name, place)


async def claim(connection: Connection, name: str) -> None:
    """Nobody else changes what of this projection stands where until this transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(7265, hashtext(%s))", [name])


async def hold(connection: Connection, *places: Place) -> None:
    """Nobody moves a cursor of these places, or begins one, until this transaction ends. They can be read."""
    names = ", ".join(f"{SCHEMAS[place]}.cursors" for place in places)
    await connection.execute(f"LOCK TABLE {names} IN EXCLUSIVE MODE".encode())


async def drop_at(connection: Connection, name: str, place: Place) -> bool:
    """`connection` is the builder's, and holds `place`."""
    assert place != "live"
    await hold(connection, place)
    gone = "DELETE FROM retrace.builds WHERE projection = %s AND place = %s RETURNING tables"
    rows = await (await connection.execute(gone, [name, place])).fetchall()
    for table in {table for row in rows for table in row[0]}:
        await connection.execute(f"DROP TABLE IF EXISTS {SCHEMAS[place]}.{table}".encode())
    await forget(connection, name, place)
    return bool(rows)


async def forget(connection: Connection, name: str, place: Place) -> None:
    """Remove the cursors and parked events of what does not stand in `place` any more. `connection` is the builder's.

    Until then nobody minds them: a cursor counts only where its projection stands.
    """
    gone = "SELECT 1 FROM retrace.builds WHERE projection = %(name)s AND place = %(place)s"
    for table in ("cursors", "parked"):
        await connection.execute(
            f"DELETE FROM {SCHEMAS[place]}.{table} WHERE projection = %(name)s AND NOT EXISTS ({gone})".encode(),
            {"name": name, "place": place},
        )


async def create_at(connection: Connection, projection: Projection, place: Place) -> None:
    """The projection's tables, where they are missing. `connection` is the builder's."""
    schema = SCHEMAS[place]
    await connection.execute(f"SET LOCAL search_path = {schema}, public".encode())
    for table in projection.tables:
        there = await (
            await connection.execute("SELECT to_regclass(%s)", [f"{schema}.{table.name}"])
        ).fetchone()
        if there != (None,):
            continue
        await connection.execute(str(CreateTable(table).compile(dialect=DIALECT)).encode())
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            await connection.execute(str(CreateIndex(index).compile(dialect=DIALECT)).encode())
        name = f"{schema}.{table.name}"
        await connection.execute(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY".encode())
        spread = await on_citus(connection)
        policy = policies.POLICY if spread else POLICY
        await connection.execute(
            f"CREATE POLICY tenant ON {name} {READERS} USING (tenant = {policy})".encode()
        )
        for step in opening(name) if table.name in PUBLISHED and not spread else ():
            await connection.execute(step.encode())
        await connection.execute(f"GRANT SELECT ON {name} TO retrace_app".encode())
        await connection.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO retrace_projector".encode()
        )
        if spread:
            await connection.execute(policies.BESIDE, [name])


async def _begin(connection: Connection, projection: Projection, tenant: UUID, until: int | None) -> None:
    await claim(connection, projection.name)
    await drop_at(connection, projection.name, "next")
    await create_at(connection, projection, "next")
    await note(connection, projection, "next", tenant, until)


async def note(
    connection: Connection,
    projection: Projection,
    place: Place,
    tenant: UUID,
    until: int | None,
    version: int | None = None,
) -> None:
    """Say that it stands in `place`, there in `version`; by default that of `projection`."""
    insert = "INSERT INTO retrace.builds (tenant, projection, place, version, tables, until) VALUES (%s, %s, %s, %s, %s, %s)"
    tables = [table.name for table in projection.tables]
    version = projection.version if version is None else version
    values = [tenant, projection.name, place, version, tables, until]
    await connection.execute(insert, values)
