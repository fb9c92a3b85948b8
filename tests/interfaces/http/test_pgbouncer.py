"""All roles through a real PgBouncer in transaction mode (`make pgbouncer`, needs PGBOUNCER)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.embedded import Servers
from infra.postgres.database import Database
from infra.schema.migrate import migrate
from infra.settings import Secret, Settings
from tests.cells import cell
from tests.interfaces.http.conftest import MASTER, OPERATOR, UNLIMITED, Customer
from tests.pgbouncer import PROGRAM, PgBouncer, pgbouncer
from tests.until import until

pytestmark = pytest.mark.skipif(not PROGRAM, reason="PGBOUNCER names no program; make pgbouncer")


@pytest.fixture(scope="module", name="between")
def _between(database_url: str) -> Iterator[PgBouncer]:
    asyncio.run(migrate(cell(database_url, base64.b64decode(MASTER))))  # past it: the roles' logins are made
    with pgbouncer(database_url) as between:
        yield between


@pytest.fixture(scope="module")
def settings(servers: Servers, between: PgBouncer, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        database_url=Secret(between.url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=Path(tmp_path_factory.mktemp("data")),
        master_key=Secret(MASTER),
        operator_key=Secret(OPERATOR),
        source_timeout_ms=10_000,
        **UNLIMITED,
    )


async def test_messages_are_answered_and_found_in_read_models(ours: Customer, between: PgBouncer) -> None:
    files = {"file": ("hours.txt", b"We are open from nine to five.")}
    assert (await ours.http.post("/v1/documents", files=files, params={"wait": 30})).status_code in (200, 201)
    replies = await asyncio.gather(
        *(ours.ask("When are you open?", address=f"customer {n}", wait=30) for n in range(30))
    )
    assert {reply.json()["status"] for reply in replies} == {"answered"}
    assert "nine" in replies[0].text
    position = {"Retrace-Position": max((reply.headers["Retrace-Position"] for reply in replies), key=int)}
    listed = await ours.http.get("/v1/conversations", headers=position)
    assert len(listed.json()["items"]) == 30
    assert int((await ours.http.post("/v1/audit/verify")).json()["events"]) > 100
    logins = [
        {each["user"] for each in between.shown(what) if each["user"].startswith("retrace_")}
        for what in ("SERVERS", "CLIENTS")
    ]
    assert len(logins[0]) > 4
    assert logins[0] <= logins[1], "each role as itself"


async def test_two_tenants_on_one_servers_connection_see_their_own(
    database_url: str, ours: Customer, theirs: Customer
) -> None:
    """One server connection for all clients of a login: whatever one of them leaves behind, the next one would have."""
    with pgbouncer(database_url, size=1) as narrow:
        async with Database(cell(narrow.url), size=8) as database:

            async def owners(customer: Customer) -> set[object]:
                rows = await database.read(customer.tenant, "SELECT DISTINCT tenant FROM heads")
                async with database.tenant(customer.tenant) as connection:
                    more = await (await connection.execute("SELECT DISTINCT tenant FROM events")).fetchall()
                return {row[0] for row in (*rows, *more)}

            found = await asyncio.gather(*(owners(each) for _ in range(40) for each in (ours, theirs)))
            assert found == [{each.tenant} for _ in range(40) for each in (ours, theirs)]
            for _ in range(5):
                async with database.system() as connection:  # of no tenant
                    seen = await (await connection.execute("SELECT count(*) FROM events")).fetchone()
                assert seen == (0,)


async def test_it_goes_on_where_pgbouncer_is_killed_and_started_again(
    ours: Customer, between: PgBouncer
) -> None:
    asked = [asyncio.create_task(ours.ask("When are you open?", address=f"killed {n}")) for n in range(10)]
    await asyncio.sleep(0.05)
    between.kill()
    replies = await asyncio.gather(*asked)
    assert {reply.status_code for reply in replies} <= {200, 201, 202, 503}
    refused = await ours.http.get("/v1/conversations")
    assert refused.status_code in (200, 503)
    between.start()
    taken = {reply.json()["conversation"] for reply in replies if reply.status_code != 503}
    reply = await until(lambda: answered(ours, "after"))
    position = {"Retrace-Position": reply["position"]}
    listed = await ours.http.get("/v1/conversations", params={"limit": 200}, headers=position)
    assert taken <= {each["id"] for each in listed.json()["items"]}


async def answered(customer: Customer, address: str) -> dict[str, str]:
    reply = await customer.ask("When are you open?", address=address, wait=30)
    if reply.status_code != 200:
        return {}
    return {"status": reply.json()["status"], "position": reply.headers["Retrace-Position"]}
