"""Read models built anew beside the live ones, and compared with them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import psycopg
import pytest

from domain.base.errors import Refused
from infra.projections.comparing import compare
from infra.projections.places import as_builder
from infra.projections.read_models import begin
from infra.projections.rebuild import rebuild
from infra.projections.switching import switch
from projections.transcript import Transcript
from tests.cells import cell
from tests.infra.log.parts import MASTER, Log, context
from tests.infra.projections.copies import COSTS, caught_up, log_without_copies, role, shop_of, writers
from tests.infra.projections.parts import begun, calls, exchange, talk


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_without_copies(database_url) as log:
        yield log


async def test_a_rebuild_equals_the_live_one_while_four_writers_go_on(log: Log) -> None:
    tenants = [uuid4(), uuid4()]
    async with role(log), shop_of(log, Transcript()) as shop, writers(log, tenants):
        await asyncio.sleep(0.5)
        await rebuild(shop)
        found = await compare(shop)
        build = await shop.copy()
    assert (found.differing, found.first) == (0, [])
    assert found.tenants >= 2
    assert found.rows > 10
    assert build.built_at is not None


async def test_a_row_that_somebody_altered_is_found_and_named(log: Log) -> None:
    tenant, other = uuid4(), uuid4()
    conversations = [(await talk(log, owner, 1)).id for owner in (tenant, other, tenant)]
    await caught_up(log)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        changed = "UPDATE retrace.conversations SET answers = 7 WHERE conversation = %s"
        superuser.execute(changed, [conversations[0]])
        superuser.execute("DELETE FROM retrace.conversations WHERE conversation = %s", [conversations[2]])
        added = "INSERT INTO retrace.interactions SELECT (jsonb_populate_record(i, jsonb_build_object('interaction', gen_random_uuid()))).* "
        superuser.execute(f"{added} FROM retrace.interactions i WHERE tenant = %s".encode(), [other])
    async with shop_of(log, Transcript()) as shop:
        await rebuild(shop)
        found = await compare(shop)
        assert found.differing == 3
        named = {(d.table, d.tenant, d.key.partition("=")[2], d.how) for d in found.first}
        assert ("conversations", tenant, str(conversations[0]), "differs") in named
        assert ("conversations", tenant, str(conversations[2]), "extra") in named
        assert {(d.tenant, d.how) for d in found.first if d.table == "interactions"} == {(other, "missing")}
        await switch(shop)  # mends it
        await rebuild(shop)
        assert (await compare(shop)).differing == 0


async def test_one_tenant_is_built_and_switched_alone(log: Log) -> None:
    ours, theirs = uuid4(), uuid4()
    for tenant in (ours, theirs):
        await talk(log, tenant, 2)
    await caught_up(log)
    with psycopg.connect(log.url, autocommit=True) as superuser:
        superuser.execute(
            "UPDATE retrace.costs SET calls = calls + 100 WHERE tenant = ANY(%s)", [[ours, theirs]]
        )
    async with shop_of(log) as shop:
        await rebuild(shop, tenant=ours)
        found = await compare(shop)
        assert (found.tenants, found.differing) == (1, 1)
        await talk(log, ours, 1)
        await caught_up(log)
        await switch(shop)
        assert [await calls(log, tenant) for tenant in (ours, theirs)] == [3, 102]
        await switch(shop, back=True)
        assert [await calls(log, tenant) for tenant in (ours, theirs)] == [103, 102]
        await rebuild(shop)
        await switch(shop)
        assert [await calls(log, tenant) for tenant in (ours, theirs)] == [3, 2]


async def test_a_copy_to_a_position_shows_a_past_state_and_can_not_be_switched(log: Log) -> None:
    tenant, conversation = uuid4(), begun()
    positions = []
    for _ in range(3):
        exchange(conversation)
        positions.append((await log.store.save(conversation, context=context(tenant))).position)
    await caught_up(log)
    async with shop_of(log) as shop:
        done = await rebuild(shop, tenant=tenant, until=positions[1])
        assert (done.done, done.total) == (positions[1], positions[1])
        with psycopg.connect(log.url) as superuser:
            query = "SELECT sum(calls) FROM retrace_next.costs WHERE tenant = %s"
            assert superuser.execute(query, [tenant]).fetchone() == (2,)
        for refused in (switch(shop), compare(shop)):
            with pytest.raises(Refused, match="ends at position"):
                await refused


async def test_a_copy_that_is_not_caught_up_is_refused(log: Log) -> None:
    await talk(log, uuid4(), 1)
    await caught_up(log)
    async with shop_of(log) as shop:
        await begin(cell(log.url), COSTS, tenant=None, until=None)
        with pytest.raises(Refused, match="still being built"):
            await switch(shop)
        await rebuild(shop)
        async with as_builder(cell(log.url)) as owner:
            await owner.execute("UPDATE retrace.builds SET version = 7 WHERE place = 'next'")
        with pytest.raises(Refused, match="version 7"):
            await switch(shop)


async def test_a_rebuild_that_was_killed_is_begun_again(log: Log) -> None:
    tenant = uuid4()
    for _ in range(20):
        conversation = begun()
        for _ in range(50):
            exchange(conversation)
        await log.store.save(conversation, context=context(tenant))
    await caught_up(log)
    command = [sys.executable, "-c", _KILLED, log.url, MASTER.hex()]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ))
    assert process.stdout is not None
    with process.stdout:
        assert await asyncio.to_thread(process.stdout.readline) == b"half\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    async with shop_of(log) as shop:
        assert (await shop.copy()).built_at is None
        assert await calls(log, tenant) == 1000
        await rebuild(shop)
        found = await compare(shop)
        assert found.differing == 0
        await switch(shop)
    assert await calls(log, tenant) == 1000


_KILLED = """
import asyncio, sys
from infra.postgres.cell import Cell
from infra.projections import projector, rebuild
from projections.costs import Costs

projector.BATCH, master = 100, bytes.fromhex(sys.argv[2])

def tell(now):
    if 0 < now.done < now.total:
        print("half", flush=True)
        asyncio.get_running_loop().stop()  # as it stands

async def main():
    async with rebuild.workshop(Cell(sys.argv[1], master), master, Costs()) as shop:
        rebuild.PACE = 0.001
        await rebuild.rebuild(shop, tell=tell)

loop = asyncio.new_event_loop()
loop.create_task(main())
loop.run_forever()
import time
time.sleep(60)
"""
