"""Copies put in the place of live read models: readers see no less, and the way back loses nothing."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import func, select

from domain.base.errors import NotFound, Refused
from infra.postgres.database import Database
from infra.projections import progress
from infra.projections.comparing import compare
from infra.projections.read_models import drop
from infra.projections.reads import Reads
from infra.projections.rebuild import rebuild
from infra.projections.switching import switch
from projections import PROJECTIONS
from projections.costs import costs
from tests.cells import cell
from tests.infra.log.parts import Log, context
from tests.infra.projections.copies import COSTS, caught_up, log_without_copies, role, shop_of, writers
from tests.infra.projections.parts import begun, calls, exchange, talk, until_called
from tests.until import PATIENCE, until


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_without_copies(database_url) as log:
        yield log


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where others have the machine, a projector comes no nearer for a while."""
    monkeypatch.setattr(progress, "STILL", 60.0)


async def test_a_reader_never_sees_less_than_before_during_build_and_switch(log: Log) -> None:
    tenant = uuid4()
    seen: list[tuple[int, int]] = []
    stop = asyncio.Event()

    async def read() -> None:
        while not stop.is_set():
            async with log.database.tenant(tenant) as connection:  # prepared, as the application's reads are
                own = "(SELECT sum(calls) AS n FROM {} WHERE tenant = %(tenant)s)"
                query = f"SELECT c.n, l.n FROM {own.format('costs')} c, {own.format('costs_latency')} l"
                values = {"tenant": tenant}
                row = await (await connection.execute(query.encode(), values, prepare=True)).fetchone()
            assert row is not None
            seen.append((int(row[0] or 0), int(row[1] or 0)))
            await asyncio.sleep(0)

    async def write_and_read() -> None:
        """Whoever reads at the position that a write returned finds that write, whatever is switched meanwhile."""
        own, conversation = uuid4(), begun()
        async with Database(cell(log.url), role="retrace_runner", size=1) as system:
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
    assert took < (1 if log.database.cell.distributed else 0.1)


async def test_the_running_projectors_keep_a_copy_up_until_it_is_dropped(log: Log) -> None:
    tenant = uuid4()
    async with role(log), role(log), shop_of(log) as shop:
        await rebuild(shop)
        await talk(log, tenant, 3)
        query = "SELECT coalesce(sum(calls), 0) FROM retrace_next.costs WHERE tenant = %s"
        with psycopg.connect(log.url, autocommit=True) as superuser:
            await until(lambda: superuser.execute(query, [tenant]).fetchone() == (3,))
            assert await drop(cell(log.url), "costs", "next")
            assert superuser.execute("SELECT to_regclass('retrace_next.costs')").fetchone() == (None,)
        await talk(log, tenant, 1)
        await until_called(log, tenant, 4)
    assert await calls(log, tenant) == 4


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
                async with asyncio.timeout(PATIENCE):
                    assert await calls(log, tenant) == 1
                await asyncio.sleep(0.02)
            assert not switching.done()
        await switching


@pytest.mark.parametrize("place", ["next", "old"])
async def test_a_long_batch_of_a_copy_is_waited_for_without_holding_the_live_one(
    log: Log, place: str
) -> None:
    async with shop_of(log) as shop:
        await rebuild(shop)
        async with await psycopg.AsyncConnection.connect(log.url) as superuser:
            await superuser.execute(f"LOCK TABLE retrace_{place}.cursors IN ROW EXCLUSIVE MODE".encode())
            switching = asyncio.create_task(switch(shop))
            held = "SELECT count(*) FROM pg_locks WHERE relation = 'retrace.cursors'::regclass AND mode = 'ExclusiveLock' AND granted"
            async with await psycopg.AsyncConnection.connect(log.url, autocommit=True) as looker:
                looks = []
                for _ in range(60):
                    looks.append(await (await looker.execute(held.encode())).fetchone())
                    await asyncio.sleep(0.02)
            assert not switching.done()
            assert looks.count((1,)) < 50, "it is let go again and again, and looked for a better moment"
        await switching


async def test_a_machine_that_stands_still_is_no_copy_that_comes_no_nearer(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look comes 3 s after the one before, by the clock; ten of them find nothing new."""
    clock, left = itertools.count(0, 3), iter([5_000] * 10 + [0])
    monkeypatch.setattr(progress, "STILL", 2.0)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))

    async def behind(*_: object) -> list[tuple[UUID, int, int, None]]:
        return [(uuid4(), next(left), 0, None)]

    monkeypatch.setattr(progress, "behind_live", behind)
    async with shop_of(log) as shop:
        await rebuild(shop)
        await progress.come_near(shop.system, await shop.copy("next"))
        assert list(left) == []
        left = itertools.repeat(5_000)
        with pytest.raises(Refused, match="comes no nearer"):
            await progress.come_near(shop.system, await shop.copy("next"))


async def test_a_copy_that_is_far_behind_is_waited_for_while_it_comes_nearer(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "NEAR", 1)
    tenant = uuid4()
    async with shop_of(log) as shop:
        await rebuild(shop)
        await talk(log, tenant, 3)
        await caught_up(log)
        monkeypatch.setattr(progress, "STILL", 0.2)
        with pytest.raises(Refused, match="comes no nearer; is a projector running"):
            await switch(shop)
        monkeypatch.setattr(progress, "STILL", 20.0)
        switched = asyncio.create_task(switch(shop))
        await asyncio.sleep(0.3)
        assert not switched.done()
        async with role(log):
            await switched
    assert await calls(log, tenant) == 3
