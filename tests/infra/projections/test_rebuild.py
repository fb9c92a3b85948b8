from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import func, select

from application.finishing import ended
from application.projection import SkipProjectionEvent, skip_projection_event
from application.tenant import CreateTenant, create_tenant
from domain.errors import NotFound, Refused
from infra.database import Database
from infra.log.reader import Reader
from infra.projections.beside import Beside
from infra.projections.comparing import compare
from infra.projections.parking import check_skippable, forget_parked, retry
from infra.projections.places import as_owner
from infra.projections.read_models import begin, create_read_models, drop
from infra.projections.reads import Reads
from infra.projections.rebuild import Workshop, rebuild, workshop
from infra.projections.switching import switch
from projections import PROJECTIONS
from projections.base import Projection
from projections.costs import Costs, costs
from projections.transcript import Transcript
from tests.infra.log.parts import MASTER, Log, context, log_on, now
from tests.infra.projections.parts import Poisoned, begun, calls, exchange, projecting, talk

COSTS = Costs()


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log
    for projection in PROJECTIONS:  # each test begins without copies
        await drop(database_url, projection.name, "next")
        await drop(database_url, projection.name, "old")


@asynccontextmanager
async def shop_of(log: Log, projection: Projection = COSTS) -> AsyncIterator[Workshop]:
    async with workshop(log.url, MASTER, projection) as shop:
        yield shop


@asynccontextmanager
async def role(log: Log, projections: Sequence[Projection] = PROJECTIONS) -> AsyncIterator[None]:
    """What a process of the projector role does."""
    async with (
        projecting(log, projections) as live,
        Database(log.url, role="retrace_projector") as events,
        Database(log.url, role="retrace_runner") as system,
    ):
        reader = Reader(events, log.keyring)
        beside = Beside(projections, url=log.url, master=MASTER, system=system, reader=reader)
        tasks = [asyncio.create_task(live.run()), asyncio.create_task(beside.run())]
        try:
            yield
        finally:
            await ended(*tasks)


@asynccontextmanager
async def writers(log: Log, tenants: Sequence[UUID]) -> AsyncIterator[None]:
    """Four, that go on until the end."""
    stop = asyncio.Event()

    async def write(tenant: UUID) -> None:
        while not stop.is_set():
            await talk(log, tenant, 1)

    tasks = [asyncio.create_task(write(tenants[n % len(tenants)])) for n in range(4)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def caught_up(log: Log, projections: Sequence[Projection] = PROJECTIONS) -> None:
    async with projecting(log, projections) as live:
        await live.catch_up()


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


async def test_a_reader_never_sees_less_than_before_during_build_and_switch(log: Log) -> None:
    tenant = uuid4()
    seen: list[tuple[int, int]] = []
    stop = asyncio.Event()

    async def read() -> None:
        while not stop.is_set():
            async with log.database.tenant(tenant) as connection:  # prepared, as the application's reads are
                query = "SELECT (SELECT sum(calls) FROM costs), (SELECT sum(calls) FROM costs_latency)"
                row = await (await connection.execute(query, prepare=True)).fetchone()
            assert row is not None
            seen.append((int(row[0] or 0), int(row[1] or 0)))
            await asyncio.sleep(0)

    async def write_and_read() -> None:
        """Whoever reads at the position that a write returned finds that write, whatever is switched meanwhile."""
        own, conversation = uuid4(), begun()
        async with Database(log.url, role="retrace_runner", size=1) as system:
            reads = Reads(log.database, system, PROJECTIONS, patience=timedelta(seconds=20))
            turns = 0
            while not stop.is_set():
                exchange(conversation)
                turns += 1
                saved = await log.store.save(conversation, context=context(own))
                async with reads.at(own, COSTS, saved.position) as sql:
                    total = await sql.all(select(func.sum(costs.c.calls).label("n")))
                assert total[0]["n"] == turns

    async with role(log), role(log), shop_of(log) as shop, writers(log, [tenant, uuid4()]):
        await asyncio.sleep(0.3)
        reader, follower = asyncio.create_task(read()), asyncio.create_task(write_and_read())
        for _ in range(2):
            await rebuild(shop)
            await switch(shop)
            await switch(shop, back=True)
            await switch(shop)
        stop.set()
        await asyncio.gather(reader, follower)
    assert seen == sorted(seen)
    assert all(summed == bucketed for summed, bucketed in seen)
    assert seen[0] < seen[-1]
    await caught_up(log)
    async with shop_of(log) as shop:
        await rebuild(shop)
        assert (await compare(shop)).differing == 0


async def test_switching_back_brings_back_what_was_live_and_loses_nothing(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 2)
    await caught_up(log)
    with psycopg.connect(log.url, autocommit=True) as superuser:  # to tell them apart
        superuser.execute("UPDATE retrace.costs SET calls = calls + 100 WHERE tenant = %s", [tenant])
    async with shop_of(log) as shop:
        with pytest.raises(NotFound, match="no copy"):
            await switch(shop)
        with pytest.raises(NotFound, match="no former"):
            await switch(shop, back=True)
        await rebuild(shop)
        assert await calls(log, tenant) == 102
        await switch(shop)
        assert await calls(log, tenant) == 2
        await talk(log, tenant, 1)
        await caught_up(log)
        assert await calls(log, tenant) == 3
        took = await switch(shop, back=True)
        assert await calls(log, tenant) == 103
        took = min(took, await switch(shop))
        assert await calls(log, tenant) == 3
    assert took < 0.1


async def test_the_running_projectors_keep_a_copy_up_until_it_is_dropped(log: Log) -> None:
    tenant = uuid4()
    async with role(log), role(log), shop_of(log) as shop:
        await rebuild(shop)
        await talk(log, tenant, 3)
        query = "SELECT coalesce(sum(calls), 0) FROM retrace_next.costs WHERE tenant = %s"
        with psycopg.connect(log.url, autocommit=True) as superuser:
            for _ in range(100):
                if superuser.execute(query, [tenant]).fetchone() == (3,):
                    break
                await asyncio.sleep(0.05)
            assert superuser.execute(query, [tenant]).fetchone() == (3,)
            assert await drop(log.url, "costs", "next")
            assert superuser.execute("SELECT to_regclass('retrace_next.costs')").fetchone() == (None,)
        await talk(log, tenant, 1)
        for _ in range(100):
            if await calls(log, tenant) == 4:
                break
            await asyncio.sleep(0.05)
    assert await calls(log, tenant) == 4


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
        await begin(log.url, COSTS, tenant=None, until=None)
        with pytest.raises(Refused, match="still being built"):
            await switch(shop)
        await rebuild(shop)
        async with as_owner(log.url) as owner:
            await owner.execute("UPDATE retrace.builds SET version = 7 WHERE place = 'next'")
        with pytest.raises(Refused, match="version 7"):
            await switch(shop)


async def test_a_long_reader_is_waited_for_without_holding_up_the_others(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 1)
    await caught_up(log)
    async with shop_of(log) as shop:
        await rebuild(shop)
        async with log.database.tenant(tenant) as reader:
            await reader.execute("SELECT count(*) FROM costs")
            switching = asyncio.create_task(switch(shop))
            for _ in range(20):
                async with asyncio.timeout(0.5):
                    assert await calls(log, tenant) == 1
                await asyncio.sleep(0.02)
            assert not switching.done()
        assert await switching < 1


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
from infra.projections import projector, rebuild
from projections.costs import Costs

projector.BATCH = 100

def tell(now):
    if 0 < now.done < now.total:
        print("half", flush=True)
        asyncio.get_running_loop().stop()  # as it stands

async def main():
    async with rebuild.workshop(sys.argv[1], bytes.fromhex(sys.argv[2]), Costs()) as shop:
        rebuild.PACE = 0.001
        await rebuild.rebuild(shop, tell=tell)

loop = asyncio.new_event_loop()
loop.create_task(main())
loop.run_forever()
import time
time.sleep(60)
"""


async def poisoned(log: Log) -> tuple[UUID, int]:
    """A tenant whose second answer `Poisoned` can't apply, and that answer's position."""
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
    )
    conversation = begun()
    for latency in (1.0, 666.0, 1.0):
        exchange(conversation, latency)
    await log.store.save(conversation, context=context(made.tenant))
    await caught_up(log, (Poisoned(),))
    assert await calls(log, made.tenant) == 2
    with psycopg.connect(log.url) as superuser:
        (row,) = superuser.execute(
            "SELECT seq FROM retrace.parked WHERE tenant = %s", [made.tenant]
        ).fetchall()
    return made.tenant, int(row[0])


async def test_a_parked_event_is_applied_in_its_turn_once_the_handler_is_mended(log: Log) -> None:
    tenant, position = await poisoned(log)
    async with shop_of(log, Poisoned()) as shop:
        with pytest.raises(NotFound):
            await retry(shop, tenant, position + 1)
        done = await retry(shop, tenant, position)
        assert (done.solved, done.parked) == ([], {position: "ValueError"})
        assert await shop.build("next") is None
    assert await calls(log, tenant) == 2
    async with shop_of(log) as shop:
        done = await retry(shop, tenant)
        assert (done.solved, done.parked) == ([position], {})
        assert await shop.build("next") is None
        assert await calls(log, tenant) == 3
        with pytest.raises(NotFound):
            await retry(shop, tenant)
        await rebuild(shop, tenant=tenant)
        assert (await compare(shop)).differing == 0


async def test_a_skipped_event_is_on_record_and_left_out_of_rebuilds(log: Log) -> None:
    tenant, position = await poisoned(log)
    command = SkipProjectionEvent(
        projection="costs", position=position, reason="counted twice by the provider"
    )
    async with shop_of(log) as shop:
        with pytest.raises(NotFound):
            await check_skippable(shop, tenant, position + 1)
        await check_skippable(shop, tenant, position)
        at = await skip_projection_event(command, context(tenant), store=log.store, clock=now)
        assert await skip_projection_event(command, context(tenant), store=log.store, clock=now) == 0
        await forget_parked(shop, tenant, position)
        recorded = await log.store.event(tenant, at)
        assert recorded.topic == "tenant.projection_event_skipped"
        with pytest.raises(NotFound):
            await retry(shop, tenant)
        await rebuild(shop, tenant=tenant)  # by a handler that could apply it
        assert (await compare(shop)).differing == 0
        await switch(shop)
    assert await calls(log, tenant) == 2


class Stopping(Poisoned):
    on_failure: ClassVar[Any] = "stop"


async def test_a_skip_lets_a_stopped_projection_go_on(log: Log) -> None:
    conversation = begun()
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
    )
    tenant = made.tenant
    async with projecting(log, (Stopping(),)) as live, shop_of(log, Stopping()) as shop:
        await live.catch_up([tenant])  # it knows of no skip
        for latency in (1.0, 666.0, 1.0):
            exchange(conversation, latency)
        await log.store.save(conversation, context=context(tenant))
        await live.catch_up([tenant])
        assert await calls(log, tenant) == 1
        with psycopg.connect(log.url) as superuser:
            query = "SELECT stopped FROM retrace.cursors WHERE tenant = %s"
            (stopped,) = superuser.execute(query, [tenant]).fetchone() or ("",)
        position = int(re.findall(r"event (\d+) can't be applied", stopped)[0])
        await check_skippable(shop, tenant, position)
        command = SkipProjectionEvent(projection="costs", position=position, reason="broken")
        await skip_projection_event(command, context(tenant), store=log.store, clock=now)
        await forget_parked(shop, tenant, position)
        await live.catch_up([tenant])
        assert await calls(log, tenant) == 2


class NewCosts(Costs):
    """As after an upgrade: each call counts double."""

    version: ClassVar[int] = Costs.version + 1

    async def apply(self, batch: Any, sql: Any) -> None:
        await super().apply(batch, sql)
        await super().apply(batch, sql)


async def test_a_new_version_is_built_beside_the_old_one_and_put_in_place(log: Log) -> None:
    tenant = uuid4()
    await talk(log, tenant, 3)
    await caught_up(log)
    async with role(log):  # a process of the old version goes on
        async with await psycopg.AsyncConnection.connect(log.url, autocommit=True) as superuser:
            await create_read_models(superuser, (NewCosts(),))
        assert await calls(log, tenant) == 3
        async with role(log, (NewCosts(),)):
            for _ in range(100):
                if await calls(log, tenant) == 6:
                    break
                await asyncio.sleep(0.05)
            await talk(log, tenant, 1)
            for _ in range(100):
                if await calls(log, tenant) == 8:
                    break
                await asyncio.sleep(0.05)
    assert await calls(log, tenant) == 8
    with psycopg.connect(log.url, autocommit=True) as superuser:
        query = "SELECT place, version FROM retrace.builds WHERE projection = 'costs' ORDER BY place"
        assert superuser.execute(query).fetchall() == [("live", NewCosts.version), ("old", Costs.version)]
        # Back to what the other tests have.
        superuser.execute(
            "UPDATE retrace.builds SET version = %s WHERE projection = 'costs' AND place = 'live'",
            [Costs.version],
        )
        superuser.execute("DELETE FROM retrace.cursors WHERE projection = 'costs'")
        superuser.execute("TRUNCATE retrace.costs, retrace.costs_latency")


async def test_a_projection_that_comes_late_is_not_read_half_built(log: Log) -> None:
    tenant = uuid4()
    conversation = begun()
    for _ in range(500):
        exchange(conversation)
    await log.store.save(conversation, context=context(tenant))
    with psycopg.connect(log.url, autocommit=True) as superuser:  # as before it was written
        superuser.execute("DROP TABLE retrace.costs, retrace.costs_latency")
        superuser.execute("DELETE FROM retrace.builds WHERE projection = 'costs'")
        superuser.execute("DELETE FROM retrace.cursors WHERE projection = 'costs'")
    async with await psycopg.AsyncConnection.connect(log.url, autocommit=True) as connection:
        await create_read_models(connection)
        await create_read_models(connection)
    seen = [await calls(log, tenant)]
    async with role(log):
        async with asyncio.timeout(20):
            while seen[-1] != 500:
                seen.append(await calls(log, tenant))
    assert set(seen) == {0, 500}
    async with shop_of(log) as shop:
        live = await shop.copy("live")
        assert (live.version, await shop.build("old")) == (Costs.version, None)
