"""Copying of a tenant's rows from one database to another, and bringing them up to date: by COPY, without their being opened.

What has changed since an earlier look is known by the transaction that wrote each row (xmin): all that was not committed then has an id from that look's horizon on. What was
removed shows in the counts; then the keys are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from psycopg import sql

from application.ports import Unavailable
from domain.channels.delivery import delivery_of
from infra.moving.shapes import Shape, shape_of
from infra.moving.side import Horizon, Side
from infra.moving.tables import ASLEEP, CARRIED, KEYS, WORK
from infra.storage.mirroring import Mirror

EVENTS = 20_000
"""Of one transaction."""


NO_ROWS = 21
"""Bytes of a binary COPY without any: its header and its end."""


@dataclass
class Copier:
    """Of one move. `seen`: table → the horizon of the last look at it."""

    source: Side
    target: Side
    tenant: UUID
    move: UUID
    seen: dict[str, Horizon] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    staged: set[str] = field(default_factory=set)

    @cached_property
    def files(self) -> Mirror:
        return Mirror(self.source.files, self.target.files)

    async def keys(self, *, last: bool = False) -> None:
        """Those of subjects, before events that they seal. `last`: the tenant is closed, and they become the same."""
        for table in KEYS:
            await self._table(table, last)

    async def tables(self, *, last: bool = False) -> None:
        """All else but the log."""
        for table in (*CARRIED, *([WORK] if last else [])):
            await self._table(table, last)

    async def _table(self, table: str, last: bool) -> None:
        erased = await self._new_destroyed() if table == "destroyed_keys" else []
        if not await self._changed(table, counted=last):
            await self._remove_gone(table)
        if erased:
            await self._blank(erased)

    async def head(self) -> int:
        async with self.source.transaction():
            row = await self.source.one("SELECT seq FROM heads WHERE tenant = %s", [self.tenant])
        return 0 if row is None else int(row[0])

    async def reached(self) -> int:
        async with self.target.transaction():
            row = await self.target.one("SELECT seq FROM heads WHERE tenant = %s", [self.tenant])
        return 0 if row is None else int(row[0])

    async def events(self, upto: int) -> int:
        """The next ones, at most EVENTS; how many. The target's head goes on with them, in one transaction."""
        after = await self.reached()
        until = min(upto, after + EVENTS)
        if until <= after:
            return 0
        shape = await self._shape("events")
        columns = sql.SQL(", ").join(map(sql.Identifier, shape.columns))
        read = sql.SQL(
            "COPY (SELECT {} FROM events WHERE tenant = {} AND seq > {} AND seq <= {} ORDER BY seq) TO STDOUT (FORMAT binary)"
        ).format(columns, self.tenant, after, until)
        write = sql.SQL("COPY events ({}) FROM STDIN (FORMAT binary)").format(columns)
        async with self.source.transaction() as there, self.target.transaction() as here:
            async with there.cursor().copy(read) as out, here.cursor().copy(write) as into:
                async for data in out:
                    await into.write(data)
            await here.execute("UPDATE heads SET seq = %s WHERE tenant = %s", [until, self.tenant])
        return until - after

    async def _changed(self, table: str, *, counted: bool) -> bool:
        """Rows that are new or other since the last look, put in place of those that are there. `counted`: whether there are as many here as there,
        which is to be found out; True where it is not."""
        shape = await self._shape(table)
        columns = sql.SQL(", ").join(map(sql.Identifier, shape.columns))
        since: sql.Composable = sql.SQL("true")
        count = f"SELECT count(*) FROM {table} WHERE tenant = %s"
        async with self.source.transaction(), self.target.transaction() as here:
            await self.source.become_owner_of(table)
            horizon = await self.source.horizon(self.tenant)
            if (seen := self.seen.get(table)) is not None and seen.server == horizon.server:
                # Both ages are counted from one transaction id, whatever others begin meanwhile.
                since = sql.SQL("age(t.xmin) <= age({}::xid)").format(str(seen.xid % 2**32))
            read = sql.SQL(
                "COPY (SELECT {} FROM {} t WHERE tenant = {} AND {}) TO STDOUT (FORMAT binary)"
            ).format(columns, sql.Identifier(table), self.tenant, since)
            if await self._carried(read, table, columns):
                await here.execute(self._merge(table, shape))
            if self.source.spread and (await self.source.horizon(self.tenant)).server != horizon.server:
                raise Unavailable(
                    "the tenant's rows went to another node of their Citus meanwhile: try again"
                )
            same = not counted or (
                await self.source.one(count, [self.tenant]) == await self.target.one(count, [self.tenant])
            )
        self.seen[table] = horizon
        return same

    async def _carried(self, read: sql.Composed, table: str, columns: sql.Composable) -> bool:
        """Into a table of this session's, which is empty at each transaction's begin; whether there were rows."""
        here, stage = self.target.connection, sql.Identifier(f"moving_{table}")
        await here.execute("RESET ROLE")  # the roles may make no tables of this kind
        if table not in self.staged:
            make = "CREATE TEMP TABLE IF NOT EXISTS {} ON COMMIT DELETE ROWS AS SELECT * FROM {} WHERE false"
            await here.execute(sql.SQL(make).format(stage, sql.Identifier("retrace", table)))
            await here.execute(sql.SQL("GRANT SELECT ON {} TO public").format(stage))
            self.staged.add(table)
        write = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(stage, columns)
        size = 0
        async with (
            self.source.connection.cursor().copy(read) as out,
            here.cursor().copy(write) as into,
        ):
            async for data in out:
                size += len(data)
                await into.write(data)
        await self.target.become_owner_of(table)
        return size > NO_ROWS

    def _merge(self, table: str, shape: Shape) -> sql.Composed:
        """Work sleeps until the tenant is open."""
        values = [
            sql.Literal(ASLEEP) if (table, name) == (WORK, "wake_at") else sql.Identifier(name)
            for name in shape.columns
        ]
        others = [name for name in shape.columns if name not in shape.key]
        changes = sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in others
        )
        settle = sql.SQL("DO UPDATE SET {}").format(changes) if others else sql.SQL("DO NOTHING")
        return sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT ({}) {}").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, shape.columns)),
            sql.SQL(", ").join(values),
            sql.Identifier(f"moving_{table}"),
            sql.SQL(", ").join(map(sql.Identifier, shape.key)),
            settle,
        )

    async def _remove_gone(self, table: str) -> None:
        """Rows that are there and not in the source any more."""
        key = [name for name in (await self._shape(table)).key if name != "tenant"]
        if not key:
            return
        columns = sql.SQL(", ").join(map(sql.Identifier, key))
        read = sql.SQL("COPY (SELECT {} FROM {} WHERE tenant = {}) TO STDOUT (FORMAT binary)").format(
            columns, sql.Identifier(table), self.tenant
        )
        same = sql.SQL(" AND ").join(sql.SQL("m.{0} = t.{0}").format(sql.Identifier(name)) for name in key)
        gone = sql.SQL(
            "DELETE FROM {} t WHERE tenant = {} AND NOT EXISTS (SELECT 1 FROM {} m WHERE {})"
        ).format(sql.Identifier(table), self.tenant, sql.Identifier(f"moving_{table}"), same)
        async with self.source.transaction(), self.target.transaction() as here:
            await self.source.become_owner_of(table)
            await self._carried(read, table, columns)
            await here.execute(gone)

    async def _new_destroyed(self) -> list[UUID]:
        """Subjects that were erased since they were looked at last."""
        found = []
        for side in (self.source, self.target):
            async with side.transaction() as connection:
                query = "SELECT subject FROM destroyed_keys WHERE tenant = %s"
                rows = await (await connection.execute(query, [self.tenant])).fetchall()
            found.append({row[0] for row in rows})
        return sorted(found[0] - found[1])

    async def _blank(self, subjects: Sequence[UUID]) -> None:
        """Events that were carried before their subject was erased, as `infra/crypto/erasing.py` does it."""
        blank = (
            "UPDATE events SET payload = NULL WHERE tenant = %(tenant)s AND substring(payload FROM 2 FOR 16) = %(sealed)s "
            "AND stream = ANY(%(streams)s::uuid[] || ARRAY(SELECT stream FROM events WHERE tenant = %(tenant)s AND topic = 'call.requested' "
            "AND substring(payload FROM 2 FOR 16) = %(sealed)s))"
        )
        async with self.target.transaction() as connection:
            for subject in subjects:
                streams = [subject, delivery_of(subject)]
                values = {"tenant": self.tenant, "sealed": subject.bytes, "streams": streams}
                await connection.execute(blank, values)
                await connection.execute(
                    "DELETE FROM subject_keys WHERE tenant = %s AND subject = %s", [self.tenant, subject]
                )

    async def _shape(self, table: str) -> Shape:
        if table not in self.shapes:
            self.shapes[table] = await shape_of(self.source, table)
        return self.shapes[table]
