"""The last step of a switch: a copy's tables, or one tenant's rows, change places with the live ones.

`connection` is the owner's, has the claim on the projection and holds the live one. For a batch of the copy's projectors and for readers, who
queue behind it, it waits for no longer than its lock_timeout; then LockNotAvailable is raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.sql import Literal

from infra.postgres.database import Connection
from infra.projections.places import SCHEMAS, Build, Place, together
from infra.projections.published import locking, publishing
from infra.projections.read_models import create_at, drop_at, hold, note
from projections.base import Projection


async def swap_tables(
    connection: Connection,
    copy: Build,
    target: Place,
    standing: Mapping[Place, Sequence[str]],
    *,
    keep: bool,
    spread: bool,
) -> None:
    """Those of all tenants, in one round trip, for the sake of the readers who wait for the last of its steps.

    `standing`: the tables in each place; `spread`: on a Citus. There are no views for analysts there.
    """
    own = f"projection = {Literal(copy.projection).as_string()}"
    live, source, goal = SCHEMAS["live"], SCHEMAS[copy.place], SCHEMAS[target]
    moves: list[tuple[Place, Place]] = [("live", target), (copy.place, "live")]
    steps = [f"LOCK TABLE {source}.cursors, {goal}.cursors IN EXCLUSIVE MODE"]
    steps += _removal(own, target, standing[target])
    for table in ("cursors", "parked"):
        steps.append(f"INSERT INTO {goal}.{table} SELECT * FROM {live}.{table} WHERE {own}")
    # Most tenants' cursors are equal in both: only the others are written.
    steps += [
        f"DELETE FROM {live}.parked WHERE {own}",
        f"INSERT INTO {live}.parked SELECT * FROM {source}.parked WHERE {own}",
        f"DELETE FROM {live}.cursors l WHERE {own} AND NOT EXISTS (SELECT 1 FROM {source}.cursors c "
        "WHERE c.tenant = l.tenant AND c.projection = l.projection AND c.version = l.version)",
        f"INSERT INTO {live}.cursors SELECT c.* FROM {source}.cursors c LEFT JOIN {live}.cursors l "
        f"USING (tenant, projection, version) WHERE c.{own} "
        "AND (l.seq IS DISTINCT FROM c.seq OR l.stopped IS DISTINCT FROM c.stopped) "
        "ON CONFLICT (tenant, projection, version) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, "
        "recorded_at = excluded.recorded_at, stopped = excluded.stopped, gap = excluded.gap",
    ]
    for origin, place in moves:
        where = f"WHERE {own} AND place = '{origin}'"
        if spread:  # it takes no time beside a column
            steps.append(f"UPDATE retrace.builds SET built_at = now() {where} AND built_at IS NULL")
            steps.append(f"UPDATE retrace.builds SET place = '{place}' {where}")
        else:
            steps.append(
                f"UPDATE retrace.builds SET place = '{place}', built_at = coalesce(built_at, now()) {where}"
            )
    names = ", ".join(f"{live}.{table}" for table in standing["live"])
    steps += [] if spread else locking(copy.projection)
    steps.append(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
    for origin, place in moves:
        schemas = f"SET SCHEMA {SCHEMAS[place]}"
        steps += [f"ALTER TABLE {SCHEMAS[origin]}.{table} {schemas}" for table in standing[origin]]
    steps += [] if spread else publishing(copy.projection)
    if not keep:
        steps += _removal(own, target, standing["live"])
    await together(connection, steps, spread=spread)


def _removal(own: str, place: Place, tables: Sequence[str]) -> list[str]:
    schema = SCHEMAS[place]
    return [
        f"DELETE FROM retrace.builds WHERE {own} AND place = '{place}'",
        *(f"DROP TABLE {schema}.{table}" for table in tables),
        *(f"DELETE FROM {schema}.{table} WHERE {own}" for table in ("cursors", "parked")),
    ]


async def swap_rows(
    connection: Connection, projection: Projection, copy: Build, tenant: UUID, target: Place | None
) -> None:
    """One tenant's. Without `target` those that were live are gone."""
    name, live, source = projection.name, SCHEMAS["live"], SCHEMAS[copy.place]
    await hold(connection, copy.place)
    if target is not None:
        await drop_at(connection, name, target)
        await create_at(connection, projection, target)
        await note(connection, projection, target, tenant, None)
        built = "UPDATE retrace.builds SET built_at = now() WHERE projection = %s AND place = %s"
        await connection.execute(built, [name, target])
    own = "tenant = %(tenant)s"
    wheres = dict.fromkeys(copy.tables, own)
    wheres |= dict.fromkeys(("cursors", "parked"), f"{own} AND projection = %(name)s")
    for table, where in wheres.items():
        steps = [f"DELETE FROM {live}.{table} WHERE {where}"]
        if target is not None:
            steps.insert(
                0, f"INSERT INTO {SCHEMAS[target]}.{table} SELECT * FROM {live}.{table} WHERE {where}"
            )
        steps.append(f"INSERT INTO {live}.{table} SELECT * FROM {source}.{table} WHERE {where}")
        for step in steps:
            await connection.execute(step.encode(), {"tenant": tenant, "name": name})
    await drop_at(connection, name, copy.place)
