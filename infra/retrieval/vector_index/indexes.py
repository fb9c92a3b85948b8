"""Approximate indexes in pgvector: partial HNSW, one a tenant at most. Implements `application.ports.VectorIndexes`.

They are built and dropped by the role that owns the table of vectors, in sessions of its own, beside all traffic (CONCURRENTLY, which
is no transaction). An index's row is there before it and goes before it, so that what was cut off half-way is known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from psycopg.sql import SQL, Composed, Identifier, Literal

from application.ports import StandingIndex
from domain.retrieval.vector_index.recall import recall_of
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.postgres.session import Connection, connect
from infra.retrieval.nearest import INDEXED

PREFIX = "vectors_near_"

SESSION = {
    "lock_timeout": "10min",  # for snapshots that are older than the build, too
    "client_connection_check_interval": "5s",  # a build whose worker was killed ends
    "maintenance_work_mem": "512MB",
    "max_parallel_maintenance_workers": "0",  # else it takes as much of the shared memory, and another core
}
NEIGHBOURS, CANDIDATES = 32, 200
"""Of the graph: of each element, and looked at when it comes in (`m`, `ef_construction`)."""

STANDING = (
    "SELECT v.name, v.model, v.dimension, v.ef, v.built_at IS NOT NULL AND coalesce(i.indisvalid, false), "
    "coalesce(pg_relation_size(i.indexrelid), 0)::bigint FROM vector_indexes v "
    "LEFT JOIN pg_index i ON i.indexrelid = to_regclass('retrace.' || v.name) WHERE v.tenant = $1"
)
RECALLS = "SELECT ef, found, queries FROM vector_recalls WHERE tenant = $1 AND name = $2 ORDER BY ef"
COUNT = "SELECT count(*) FROM vectors WHERE tenant = $1 AND model = $2"
BUILT = (
    "SELECT count(*) FROM pg_class WHERE relnamespace = 'retrace'::regnamespace AND starts_with(relname, %s)"
)
UNDER_WAY = (
    "SELECT EXISTS (SELECT 1 FROM pg_stat_progress_create_index WHERE relid = 'retrace.vectors'::regclass)"
)
ABANDONED = (
    "SELECT relname::text FROM pg_class WHERE relnamespace = 'retrace'::regnamespace AND starts_with(relname, %s) "
    "AND relname <> ALL (SELECT name FROM retrace.vector_indexes)"
)


class PgVectorIndexes:
    def __init__(self, database: Database, cell: Cell) -> None:
        self._database, self.cell = database, cell

    async def standing(self, tenant: UUID) -> StandingIndex | None:
        rows = await self._database.read(tenant, STANDING, tenant)
        if not rows:
            return None
        name, model, dimension, ef, whole, size = rows[0]
        found: dict[int, dict[int, int]] = {}
        for each, number, queries in await self._database.read(tenant, RECALLS, tenant, name):
            found.setdefault(each, {})[number] = queries
        return StandingIndex(
            model=model,
            dimension=dimension,
            whole=whole,
            ef=ef,
            bytes=size,
            recalls=[recall_of(each, often) for each, often in found.items()],
        )

    async def chunks(self, tenant: UUID, model: str) -> int:
        _, [(count,)] = await self._database.read_all(tenant, INDEXED, (COUNT, [tenant, model]))
        return int(count)

    async def build(self, tenant: UUID, model: str, dimension: int, most: int) -> bool:
        async with self._owner() as owner:
            if await _told(owner, UNDER_WAY) or await _told(owner, BUILT, PREFIX) >= most:
                return False
            name = f"{PREFIX}{uuid4().hex[:20]}"
            await self._change(
                tenant,
                "INSERT INTO vector_indexes (tenant, name, model, dimension) VALUES (%s, %s, %s, %s)",
                *(tenant, name, model, dimension),
            )
            await owner.execute(_creating(name, tenant, model, dimension))
        # One that is there and not valid is not whole, whatever its row says. Without its row it is nobody's, and is swept away.
        stands = "UPDATE vector_indexes SET built_at = now() WHERE tenant = %s AND name = %s"
        return await self._change(tenant, stands, tenant, name) == 1

    async def serve(self, tenant: UUID, ef: int) -> None:
        await self.measure_anew(tenant)
        await self._change(tenant, "UPDATE vector_indexes SET ef = %s WHERE tenant = %s", ef, tenant)

    async def measure_anew(self, tenant: UUID) -> None:
        await self._change(tenant, "DELETE FROM vector_recalls WHERE tenant = %s", tenant)

    async def drop(self, tenant: UUID) -> None:
        """Its row first: from then on nobody goes by it, and who finds it drops it."""
        await self.measure_anew(tenant)
        await self._change(tenant, "DELETE FROM vector_indexes WHERE tenant = %s", tenant)
        await self.sweep()

    async def sweep(self) -> list[str]:
        """Drop indexes that have no row any more (`ABANDONED`); while one is being built that has to wait. Their names."""
        async with self._owner() as owner:
            if await _told(owner, UNDER_WAY):
                return []
            names = [row[0] for row in await (await owner.execute(ABANDONED, [PREFIX])).fetchall()]
            for name in names:
                await owner.execute(_dropping(name))
        return names

    @asynccontextmanager
    async def _owner(self) -> AsyncIterator[Connection]:
        """A session of whoever owns the vectors. Raises LoginRefused, WrongSession, psycopg.Error."""
        async with await connect(self.cell, "retrace_indexer") as connection:
            for name, value in SESSION.items():
                await connection.execute("SELECT set_config(%s, %s, false)", [name, value])
            yield connection

    async def _change(self, tenant: UUID, statement: str, *values: object) -> int:
        """How many rows it changed."""
        async with self._database.tenant(tenant) as connection:
            return (await connection.execute(statement.encode(), values)).rowcount


async def _told(connection: Connection, query: str, *values: object) -> int:
    row = await (await connection.execute(query.encode(), values)).fetchone()
    assert row is not None
    return int(row[0])


def _creating(name: str, tenant: UUID, model: str, dimension: int) -> Composed:
    """Searches repeat the expression and what is said of tenant, model and dimension (`infra/retrieval/nearest.py`). Without the model in it
    the index would refuse vectors of another model's length."""
    return SQL(
        "CREATE INDEX CONCURRENTLY {name} ON retrace.vectors USING hnsw "
        "((embedding::public.halfvec({dimension})) public.halfvec_cosine_ops) "
        "WITH (m = {neighbours}, ef_construction = {candidates}) "
        "WHERE tenant = {tenant} AND model = {model} AND public.vector_dims(embedding) = {dimension}"
    ).format(
        name=Identifier(name),
        dimension=Literal(dimension),
        neighbours=Literal(NEIGHBOURS),
        candidates=Literal(CANDIDATES),
        tenant=Literal(tenant),
        model=Literal(model),
    )


def _dropping(name: str) -> Composed:
    return SQL("DROP INDEX CONCURRENTLY IF EXISTS retrace.{}").format(Identifier(name))
