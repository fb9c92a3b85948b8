"""Each supported version of PostgreSQL is set up and used; without rights each step says what is missing, and then goes on."""

from __future__ import annotations

from uuid import uuid4

import psycopg
import pytest

from application.tenancy.tenant import CreateTenant, create_tenant
from infra.postgres.cell import Cell
from infra.postgres.database import wait_for
from infra.postgres.faults import DatabaseUnusable
from infra.schema.migrate import migrate, pending, prepare
from tests.infra.log.parts import MASTER, log_on, now
from tests.real_postgres import Binaries, Server, found, serving

FITTING = [each for each in found() if each.vector and each.version >= 16]


async def used(url: str) -> None:
    """Set it up, and write and read something as the roles do."""
    cell = Cell(url, MASTER)
    await wait_for(cell, 60)
    await prepare(cell)
    async with log_on(url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="test", store=log.store, clock=now, ids=uuid4
        )
        assert made.position > 0
    await prepare(cell)
    async with await psycopg.AsyncConnection.connect(url) as connection:
        assert await pending(connection) is None


async def refused(url: str) -> str:
    with pytest.raises(DatabaseUnusable) as error:
        await migrate(Cell(url, MASTER))
    return str(error.value)


@pytest.mark.parametrize("binaries", FITTING, ids=str)
async def test_each_version_is_set_up_by_its_superuser_and_by_an_owner_with_the_least_rights(
    binaries: Binaries,
) -> None:
    with serving(binaries) as server:
        await with_least_rights(server)
        server.run("CREATE DATABASE whole")
        await used(server.url("whole"))


async def with_least_rights(server: Server) -> None:
    """Each thing that is missing is told; given, the next one is."""
    server.run("CREATE ROLE shop LOGIN PASSWORD 'word'", "CREATE DATABASE shop")
    url = server.url("shop", "shop", "word")
    place = f"the user shop may not set postgresql://127.0.0.1:{server.port}/shop up ("
    said = await refused(url)
    assert said.startswith(place)
    assert "make it the owner of the database (ALTER DATABASE … OWNER TO …)" in said
    server.run("ALTER DATABASE shop OWNER TO shop")
    said = await refused(url)
    assert said.startswith(place)
    assert "a superuser gives it CREATEROLE (ALTER ROLE … CREATEROLE)" in said
    server.run("ALTER ROLE shop CREATEROLE")
    said = await refused(url)
    assert said.startswith(place)
    assert "a superuser runs CREATE EXTENSION vector in this database once" in said
    server.run("CREATE EXTENSION vector", database="shop")
    await used(url)
    server.run("CREATE ROLE other LOGIN CREATEROLE PASSWORD 'word'", "CREATE DATABASE other OWNER other")
    server.run("CREATE EXTENSION vector", database="other")
    said = await refused(server.url("other", "other", "word"))
    assert "another user has made the roles retrace_… of this server: take that one, or a superuser" in said


@pytest.mark.parametrize("binaries", [each for each in found() if each not in FITTING], ids=str)
async def test_a_server_that_does_not_fit_is_refused_at_once(binaries: Binaries) -> None:
    with serving(binaries) as server:
        with pytest.raises(DatabaseUnusable) as error:
            await wait_for(Cell(server.url(), MASTER), 60)
        assert await refused(server.url()) == str(error.value)
        with psycopg.connect(server.url()) as connection:
            made = connection.execute(
                "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'retrace%'"
            ).fetchone()
            assert made == (0,)
