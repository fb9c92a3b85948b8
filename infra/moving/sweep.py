"""Sweeping: rows of a tenant that is not here any more, or has never come to be, go. Safe to repeat, in short transactions."""

from __future__ import annotations

from uuid import UUID

from psycopg import sql

from domain.base.aggregate import NIL
from domain.base.one_per_tenant import OnePerTenant
from domain.kinds import KINDS
from infra.moving.side import Side
from infra.moving.tables import CARRIED, KEYS, LEFT, WORK
from infra.projections.places import SCHEMAS

AT_ONCE = 20_000
"""Events of one transaction."""

MADE = tuple(table for table in LEFT if table not in ("cursors", "parked", "builds", "analyst_logins"))


def settings_of(tenant: UUID) -> list[UUID]:
    """Streams of what a tenant has one of: a few events each, whose keys are gone. Whoever asks for them is told that it has moved."""
    return [tenant, *(kind.id_of(tenant) for kind in KINDS if issubclass(kind, OnePerTenant))]


async def sweep(side: Side, tenant: UUID, *, whole: bool) -> None:
    """`whole`: nothing stays. Else what tells that it was here: its head, without a log, under its fence, and where it has gone."""
    async with side.transaction() as connection:
        await connection.execute("UPDATE heads SET seq = 0 WHERE tenant = %s", [tenant])
    await _read_models(side, tenant)
    await _events(side, tenant, [] if whole else settings_of(tenant))
    for table in (*KEYS, *CARRIED, *MADE, WORK, "tenant_keys"):
        kept: sql.Composable = sql.SQL("")
        if not whole and table in ("subject_keys", "destroyed_keys"):
            kept = sql.SQL(" AND subject <> ALL ({}::uuid[])").format([NIL, *settings_of(tenant)])
        async with side.transaction() as connection:
            await side.become_owner_of(table)
            await connection.execute(
                sql.SQL("DELETE FROM {} WHERE tenant = {}{}").format(sql.Identifier(table), tenant, kept)
            )
    await side.files.remove_all(tenant)
    if whole:
        async with side.transaction() as connection:
            await connection.execute("DELETE FROM tenant_moves WHERE tenant = %s", [tenant])
            await connection.execute("DELETE FROM heads WHERE tenant = %s", [tenant])


async def _read_models(side: Side, tenant: UUID) -> None:
    rows = await (
        await side.connection.execute("SELECT DISTINCT place, unnest(tables) FROM retrace.builds")
    ).fetchall()
    tables = [(SCHEMAS[place], name) for place, name in rows]
    tables += [(schema, name) for schema in SCHEMAS.values() for name in ("cursors", "parked")]
    for schema, name in tables:
        async with side.connection.transaction():
            await side.become_owner_of(name, schema)
            await side.connection.execute(
                sql.SQL("DELETE FROM {} WHERE tenant = {}").format(sql.Identifier(schema, name), tenant)
            )


async def _events(side: Side, tenant: UUID, kept: list[UUID]) -> None:
    gone = (
        "DELETE FROM events WHERE tenant = %(tenant)s AND seq = ANY (ARRAY(SELECT seq FROM events WHERE tenant = %(tenant)s "
        "AND stream <> ALL (%(kept)s::uuid[]) ORDER BY seq LIMIT %(most)s))"
    )
    values = {"tenant": tenant, "kept": kept, "most": AT_ONCE}
    while True:
        async with side.transaction() as connection:
            if (await connection.execute(gone, values)).rowcount == 0:
                return
