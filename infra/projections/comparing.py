"""Is a copy of a read model equal to the live one, row for row?

Each tenant's rows are compared in one sight of the database in which both stand at the same position. The live one is held only
until that sight is taken, not while the rows are read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import msgspec
from sqlalchemy import Table

from application.ports import Unavailable
from domain.base.errors import Refused
from infra.postgres.session import Connection, connect, enter
from infra.projections.places import SCHEMAS, Build, Place, as_builder
from infra.projections.rebuild import Workshop

PATIENCE = 10.0
"""Seconds in which both are to come to one position."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """`how`: the live row is `missing` in the copy, the copy's row is `extra`, or their columns `differ`."""

    table: str
    tenant: UUID
    key: str
    how: str


class Compared(msgspec.Struct, kw_only=True):
    """`differing` rows in all; `first` names some of them."""

    tenants: int = 0
    rows: int = 0
    differing: int = 0
    first: list[Difference] = []


async def compare(shop: Workshop, *, shown: int = 5) -> Compared:
    """Compare `next` with the live one, for the tenants that it has. Raises NotFound, Refused, Unavailable."""
    copy = await shop.copy()
    if copy.until is not None:
        raise Refused(
            f"this copy of {copy.projection} ends at position {copy.until}; there is nothing to compare it with"
        )
    if copy.version != shop.projection.version:
        raise Refused(f"this copy of {copy.projection} is of another version; its rows are not comparable")
    found = Compared(first=[])
    for tenant in await _tenants(shop, copy):
        async with _level(shop, tenant) as connection:
            for table in shop.projection.tables:
                await _compare_table(connection, table, tenant, found, shown)
        found.tenants += 1
    return found


async def _tenants(shop: Workshop, copy: Build) -> list[UUID]:
    if (tenant := copy.scope()) is not None:
        return [tenant]
    selects = [
        f"SELECT tenant FROM {SCHEMAS[place]}.{table}"
        for table in copy.tables
        for place in ("live", copy.place)
    ]  # from the tables themselves: a row of a tenant that has no log is a difference too
    async with as_builder(shop.cell) as connection:
        cursor = await connection.execute(f"{' UNION '.join(selects)} ORDER BY tenant".encode())
        return [row[0] for row in await cursor.fetchall()]


@asynccontextmanager
async def _level(shop: Workshop, tenant: UUID) -> AsyncIterator[Connection]:
    """A transaction that sees both at the same position."""
    deadline = time.monotonic() + PATIENCE
    async with await connect(shop.cell, "retrace_projector") as connection:
        while True:
            begin = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            await enter(connection, shop.cell, "retrace_projector", tenant, begin=begin)
            if await _sighted(shop, tenant, connection):
                yield connection
                await connection.execute("COMMIT")
                return
            await connection.execute("ROLLBACK")
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"the live {shop.projection.name} and its copy do not come to one position for tenant {tenant}"
                )
            await asyncio.sleep(0.01)


async def _sighted(shop: Workshop, tenant: UUID, connection: Connection) -> bool:
    """Hold both, bring the one behind to where the other stands, and let `connection` take its sight before they go on.

    What was moved must be let go first, so another projector may move it further in that moment: then it is tried again.
    """
    async with AsyncExitStack() as live, AsyncExitStack() as copy:
        stacks: dict[Place, AsyncExitStack] = {"live": live, "next": copy}
        held: dict[Place, Connection] = {}
        positions: dict[Place, int] = {}
        for place, stack in stacks.items():
            held[place] = await stack.enter_async_context(shop.writers[place].tenant(tenant))
            positions[place] = await _position(held[place], place, shop, tenant, " FOR UPDATE")
        low, high = sorted(stacks, key=positions.__getitem__)
        if positions[low] < positions[high]:
            await shop.projectors[low].within(held[low]).advance(tenant, until=positions[high])
        await stacks[low].aclose()
        seen = [await _position(connection, place, shop, tenant) for place in stacks]
    return seen[0] == seen[1]


async def _position(
    connection: Connection, place: Place, shop: Workshop, tenant: UUID, lock: str = ""
) -> int:
    query = f"SELECT seq FROM {SCHEMAS[place]}.cursors WHERE tenant = %s AND projection = %s{lock}"
    row = await (await connection.execute(query.encode(), [tenant, shop.projection.name])).fetchone()
    return int(row[0]) if row else 0


async def _compare_table(
    connection: Connection, table: Table, tenant: UUID, found: Compared, shown: int
) -> None:
    keys = [column.name for column in table.primary_key.columns]
    names = [column.name for column in table.columns]

    def listed(side: str, columns: list[str]) -> str:
        return ", ".join(f'{side}."{name}"' for name in columns)

    tenants = f"WHERE tenant = '{tenant}'"
    query = (
        f"SELECT l.tenant IS NULL, n.tenant IS NULL, {', '.join(f'coalesce(l.{k}, n.{k})::text' for k in keys[1:])}, "
        "count(*) OVER () "
        f"FROM (SELECT * FROM {SCHEMAS['live']}.{table.name} {tenants}) l "
        f"FULL JOIN (SELECT * FROM {SCHEMAS['next']}.{table.name} {tenants}) n USING ({', '.join(keys)}) "
        f"WHERE ROW({listed('l', names)}) IS DISTINCT FROM ROW({listed('n', names)}) "
        f"ORDER BY {', '.join(keys)} LIMIT %s"
    )
    rows = await (await connection.execute(query.encode(), [shown])).fetchall()
    for extra, missing, *key, _ in rows:
        if len(found.first) < shown:
            how = "extra" if extra else "missing" if missing else "differs"
            text = ", ".join(f"{name}={value}" for name, value in zip(keys[1:], key, strict=True))
            found.first.append(Difference(table=table.name, tenant=tenant, key=text, how=how))
    found.differing += rows[0][-1] if rows else 0
    total = await connection.execute(
        f"SELECT count(*) FROM {SCHEMAS['live']}.{table.name} {tenants}".encode()
    )
    found.rows += (await total.fetchone() or (0,))[0]
