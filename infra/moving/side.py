"""One side of a move: a deployment's database, as whoever migrates it, its master keys, and the place of its files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import AsyncConnection, sql

from domain.base.errors import Invalid, Refused
from infra.citus.distributing import MARK
from infra.crypto.wrapping import Masters
from infra.postgres.cell import Cell
from infra.postgres.citus import PASSED_ON, on_citus
from infra.postgres.session import CONNECT, Connection
from infra.schema.migrate import pending
from infra.storage.blobs import Blobs

PATIENCE = "30s"
"""That a statement waits for locks."""


XMIN = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


class Horizon(NamedTuple):
    """`server`: whose transaction ids are meant, where there are several."""

    server: str
    xid: int


@dataclass
class Side:
    """`name`: what others are told of it."""

    connection: Connection
    masters: Masters
    files: Blobs
    name: str
    spread: bool = False
    """Whether its database is on a Citus. There the superuser does all himself: a row that one role has changed no other may ask for in the same transaction."""
    owners: dict[str, str] = field(default_factory=dict)
    """Table → the role that it belongs to, whom row-level security lets pass."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """As the owner of the log."""
        async with self.connection.transaction():
            if not self.spread:
                await self.connection.execute("SET LOCAL ROLE retrace_owner")
            await self.connection.execute("SET LOCAL search_path = retrace, public")
            await self.connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'".encode())
            yield self.connection

    async def become_owner_of(self, table: str, schema: str = "retrace") -> None:
        """Within a transaction, until it ends or another one is named."""
        if self.spread:
            return
        name = f"{schema}.{table}"
        if name not in self.owners:
            query = "SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = to_regclass(%s)"
            self.owners[name] = (await self.one(query, [name]))[0]
        await self.connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(self.owners[name])))

    async def one(self, query: str, values: Any = None) -> Any:
        """The first row, None where there is none."""
        return await (await self.connection.execute(query.encode(), values)).fetchone()

    async def horizon(self, tenant: UUID) -> Horizon:
        """Within a transaction: what it does not see yet has a transaction id from there on, in the server that has the tenant's rows."""
        if not self.spread:
            return Horizon("", (await self.one(f"SELECT {XMIN}"))[0])
        row = await self.one(
            f"SELECT concat(inet_server_addr(), ' ', inet_server_port()), {XMIN} FROM heads WHERE tenant = %s",
            [tenant],
        )
        return Horizon(*row)

    async def schema(self) -> Mapping[str, str]:
        """Files of infra/schema and their digests. What differs on a Citus is none: a tenant's rows are the same there."""
        query = "SELECT name, digest FROM public.retrace_migrations WHERE name <> %s"
        return dict(await (await self.connection.execute(query, [MARK])).fetchall())


@asynccontextmanager
async def side(cell: Cell, files: Blobs, name: str) -> AsyncIterator[Side]:
    """Raises Invalid where the database can't be used, or not by this login."""
    if not cell.migrates:
        raise Invalid(
            f"a move reads and writes everything: give {name} the DATABASE_URL that `retrace migrate` has"
        )
    async with await AsyncConnection.connect(
        cell.url, autocommit=True, connect_timeout=CONNECT
    ) as connection:
        if (why := await pending(connection)) is not None:
            raise Invalid(f"the database of {name} can't be used: {why}")
        if spread := await on_citus(connection):
            await connection.execute(PASSED_ON)
        yield Side(connection, Masters(cell.master), files, name, spread)


async def check_same_schema(source: Side, target: Side) -> None:
    """Raises Invalid."""
    if (other := other_schema(await source.schema(), await target.schema())) is not None:
        raise Invalid(
            f"the two deployments have different schemas ({other}): bring both to one version of Retrace, and run `retrace migrate` on each"
        )


def check_apart(source: Side, target: Side) -> None:
    """Each has a place of files of its own: else what one removes the other loses. Raises Refused."""
    if source.files.place == target.files.place:
        raise Refused(
            f"{source.name} and {target.name} both have their files at {target.files.place}, and what a move removes at one the other would lose: "
            "give each a folder, or a prefix in RETRACE_FILES, of its own"
        )


async def check_files(target: Side, tenant: UUID) -> None:
    """None of the tenant's lie there before it comes: else two deployments would share them, and one would remove the other's. Raises Refused."""
    if [blob async for blob in target.files.listed(tenant)]:
        raise Refused(
            f"files of tenant {tenant} lie at {target.files.place} already, which another deployment may have: give each a folder, or a prefix in RETRACE_FILES, of its own"
        )


def other_schema(one: Mapping[str, str], other: Mapping[str, str]) -> str | None:
    """The first file of infra/schema that is not the same; None: all are."""
    return min((name for name in one.keys() | other.keys() if one.get(name) != other.get(name)), default=None)
