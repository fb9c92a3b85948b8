"""A tenant's own index in pgvector: used for it alone, never a row too few, and nothing of it left behind that nobody knows of."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import psycopg
import pytest
import pytest_asyncio

from domain.retrieval.vector_index.promotion import EFS, IndexRules
from infra.crypto.erasing import SubjectEraser
from infra.postgres.database import Database
from infra.retrieval.half_vector import HalfVector
from infra.retrieval.nearest import by_index, nearest_by_index
from infra.retrieval.vector_index.keeping import look
from tests.cells import cell, session
from tests.infra.retrieval.vector_index.crowd import DIMENSION, MODEL, Crowd, a_chunk, crowd_on, own_indexes
from tests.until import until

BUILDING = """
import asyncio, sys
from uuid import UUID
from infra.postgres.database import Database
from infra.retrieval.vector_index.indexes import PgVectorIndexes
from tests.cells import cell, session

async def build():
    async with Database(cell(sys.argv[1]), size=1) as database:
        await PgVectorIndexes(database, cell(sys.argv[1])).build(UUID(sys.argv[2]), sys.argv[3], 256, 99)

asyncio.run(build())
"""


@pytest_asyncio.fixture(name="crowd")
async def _crowd(database_url: str) -> AsyncIterator[Crowd]:
    async with crowd_on(database_url) as crowd:
        yield crowd


async def promoted(crowd: Crowd, tenant: UUID) -> None:
    assert await crowd.indexes.build(tenant, MODEL, DIMENSION, 99)
    await crowd.indexes.serve(tenant, EFS[-1])


async def plan(crowd: Crowd, tenant: UUID) -> str:
    """Of the search as it is sent: prepared, under the policy, as the application."""
    async with crowd.log.database.tenant(tenant) as connection:
        statement, values = by_index(200)
        await connection.execute(statement.replace("$1", "%s").encode(), values)
        await connection.execute(f"PREPARE near AS {nearest_by_index(DIMENSION)}".encode())
        given = f"'{crowd.vector()}', '{tenant}', '{MODEL}', 10"
        lines = await (
            await connection.execute(f"EXPLAIN (ANALYZE) EXECUTE near ({given})".encode())
        ).fetchall()
        await connection.execute(b"DEALLOCATE near")
    return "\n".join(line for (line,) in lines)


async def test_searches_of_a_promoted_tenant_go_by_its_index_and_those_of_others_do_not(crowd: Crowd) -> None:
    ours, theirs, small = uuid4(), uuid4(), uuid4()
    for tenant, count in ((ours, 600), (theirs, 600), (small, 3)):
        await crowd.fill(tenant, count)
    await promoted(crowd, ours)
    [name] = own_indexes(crowd.log.url)
    assert f"using {name}" in await plan(crowd, ours)
    for other in (theirs, small):
        assert name not in await plan(crowd, other)
    for tenant in (ours, theirs, small):
        for _ in range(10):
            vector = crowd.vector()
            assert await crowd.found(tenant, vector) == pytest.approx(await crowd.nearest(tenant, vector))
    await crowd.indexes.drop(ours)
    assert own_indexes(crowd.log.url) == {}
    vector = crowd.vector()
    assert "vectors_near" not in await plan(crowd, ours)
    values = [HalfVector(vector), ours, MODEL, 10]
    _, rows = await crowd.log.database.read_all(ours, by_index(100), (nearest_by_index(DIMENSION), values))
    assert [row[-1] for row in rows] == pytest.approx(await crowd.nearest(ours, vector)), (
        "as who has not heard yet"
    )


async def test_as_many_are_found_as_there_are_right_after_deletions_and_erasures(crowd: Crowd) -> None:
    tenant, other = uuid4(), uuid4()
    documents = await crowd.fill(tenant, 700)
    await crowd.fill(other, 300)
    await promoted(crowd, tenant)
    eraser_database = Database(cell(crowd.log.url), role="retrace_eraser", size=1)
    async with eraser_database:
        eraser = SubjectEraser(eraser_database, crowd.log.keyring)
        for number, document in enumerate(documents[:-1]):
            if number % 2:
                await crowd.vectors.delete(tenant, document)
            else:
                await eraser.erase(tenant, document)
            for limit in (1, 10, 50):
                vector = crowd.vector()
                expected = await crowd.nearest(tenant, vector, limit)
                assert await crowd.found(tenant, vector, limit) == pytest.approx(expected), number
    more = await crowd.fill(tenant, 30)
    vector = crowd.vector()
    assert len(await crowd.found(tenant, vector, 200)) == 130
    passages = (await crowd.vectors.search(tenant, vector, MODEL, 50, more)).passages
    assert {each.document for each in passages} == set(more)
    assert len(passages) == 30


async def test_a_chunk_without_direction_is_found_though_no_graph_has_it(crowd: Crowd) -> None:
    tenant = uuid4()
    await crowd.fill(tenant, 20)
    await promoted(crowd, tenant)
    await crowd.vectors.replace(tenant, uuid4(), str(tenant), MODEL, [a_chunk(0, [0.0] * DIMENSION)])
    assert len(await crowd.found(tenant, crowd.vector(), 50)) == 21


async def test_vectors_of_other_models_and_lengths_come_in_beside_the_index(crowd: Crowd) -> None:
    tenant = uuid4()
    await crowd.fill(tenant, 50)
    await promoted(crowd, tenant)
    await crowd.fill(tenant, 20, "test/other", 64)
    odd = uuid4()
    await crowd.fill(odd, 10, MODEL, 64)
    found = await crowd.vectors.search(tenant, crowd.vector()[:64], "test/other", 50)
    assert len(found.passages) == 20
    assert len(await crowd.found(tenant, crowd.vector(), 60)) == 50


async def test_recall_is_counted_of_searches_and_no_vector_is_kept(crowd: Crowd) -> None:
    tenant = uuid4()
    await crowd.fill(tenant, 400)
    assert await crowd.indexes.build(tenant, MODEL, DIMENSION, 99)
    for _ in range(20):
        await crowd.vectors.search(tenant, crowd.vector(), MODEL, 5)
        await crowd.sampler.idle()
    standing = await crowd.indexes.standing(tenant)
    assert standing is not None
    assert [each.ef for each in standing.recalls] == list(EFS)
    assert {each.queries for each in standing.recalls} == {19}, "the first search learns of the index"
    assert all(each.worst > 0.9 for each in standing.recalls)
    await crowd.indexes.serve(tenant, 100)
    for _ in range(2):
        await crowd.vectors.search(tenant, crowd.vector(), MODEL, 5)
        await crowd.sampler.idle()
    standing = await crowd.indexes.standing(tenant)
    assert standing is not None
    assert [(each.ef, each.queries) for each in standing.recalls][:1] == [(100, 2)]
    with psycopg.connect(crowd.log.url) as superuser:
        kept = "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'vector_recalls'"
        assert {row[0] for row in superuser.execute(kept).fetchall()} == {
            "tenant",
            "name",
            "ef",
            "found",
            "queries",
        }


async def test_an_index_that_misses_is_told_by_its_recall(crowd: Crowd) -> None:
    """One with a poor graph."""
    tenant = uuid4()
    await crowd.fill(tenant, 600)
    assert await crowd.indexes.build(tenant, MODEL, DIMENSION, 99)
    [name] = own_indexes(crowd.log.url)
    with psycopg.connect(crowd.log.url, autocommit=True) as superuser:
        query = "SELECT pg_get_indexdef(to_regclass(%s))"
        [(made,)] = superuser.execute(query, [f"retrace.{name}"]).fetchall()
        superuser.execute(f"DROP INDEX retrace.{name}".encode())
        superuser.execute(re.sub(r"WITH \(.*?\)", "WITH (m = 2, ef_construction = 4)", made).encode())
    for _ in range(20):
        await crowd.vectors.search(tenant, crowd.vector(), MODEL, 5)
        await crowd.sampler.idle()
    standing = await crowd.indexes.standing(tenant)
    assert standing is not None
    assert standing.recalls[0].at_p5 < 0.99


async def test_of_a_build_that_was_killed_nothing_stays(crowd: Crowd, database_url: str) -> None:
    tenant = uuid4()
    await crowd.fill(tenant, 300)
    with psycopg.connect(database_url) as old:
        # A snapshot that is older than the build keeps it from its end.
        old.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM retrace.vectors")
        process = subprocess.Popen([sys.executable, "-c", BUILDING, database_url, str(tenant), MODEL])
        await until(lambda: own_indexes(database_url) != {})
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert set(own_indexes(database_url).values()) == {False}
        standing = await crowd.indexes.standing(tenant)
        assert standing is not None
        assert not standing.whole
        vector = crowd.vector()
        assert await crowd.found(tenant, vector) == pytest.approx(await crowd.nearest(tenant, vector))
        assert not await crowd.indexes.build(uuid4(), MODEL, DIMENSION, 99), "one at a time"
    async with asyncio.timeout(60):  # the server notices in seconds that its client has gone
        while True:
            await crowd.indexes.drop(tenant)
            if own_indexes(database_url) == {}:
                break
            await asyncio.sleep(0.2)
    assert await crowd.indexes.standing(tenant) is None
    assert await crowd.indexes.build(tenant, MODEL, DIMENSION, 99)
    assert set(own_indexes(database_url).values()) == {True}


async def test_no_more_are_built_than_are_wanted_and_what_is_nobodys_goes(
    crowd: Crowd, database_url: str
) -> None:
    one, two = uuid4(), uuid4()
    for tenant in (one, two):
        await crowd.fill(tenant, 120)
    assert await crowd.indexes.build(one, MODEL, DIMENSION, 1)
    assert not await crowd.indexes.build(two, MODEL, DIMENSION, 1)
    async with Database(cell(database_url), role="retrace_eraser", size=1) as database:
        await SubjectEraser(database, crowd.log.keyring).erase_tenant(one, but="x")
    await look(crowd.system, crowd.indexes, IndexRules(least=100))
    assert own_indexes(database_url) == {}
    with psycopg.connect(database_url) as superuser:
        query = "SELECT tenant FROM retrace.work WHERE kind = 'review_vector_index'"
        owed = {row[0] for row in superuser.execute(query).fetchall()}
        assert two in owed
        assert one not in owed
        for table in ("vector_indexes", "vector_recalls", "vectors"):
            rows = superuser.execute(
                f"SELECT count(*) FROM retrace.{table} WHERE tenant = %s".encode(), [one]
            )
            assert rows.fetchone() == (0,)


def test_only_who_owns_the_vectors_makes_indexes(database_url: str) -> None:
    statement = b"CREATE INDEX walls ON retrace.vectors (tenant)"
    for role in ("retrace_app", "retrace_projector", "retrace_runner", "retrace_eraser", "retrace_builder"):
        with session(database_url, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
