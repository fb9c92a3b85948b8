"""Many calls at once, in several processes, some of which are killed, on one budget."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from decimal import Decimal
from uuid import UUID

import pytest
import pytest_asyncio

from application.budgets.settle import RESERVATION_WORK, expire_reservation
from application.operations.work import Item, Kind
from domain.base.context import Context
from domain.budgets.budget import BudgetExhausted
from infra.ids import uuid7
from infra.postgres.database import Database
from infra.work.rows import Work
from infra.work.worker import Worker
from tests.application.tills import Till, now
from tests.cells import cell
from tests.infra.log.parts import Log, log_on
from tests.until import PATIENCE


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


@pytest.fixture
def till(log: Log) -> Till:
    return Till(log)


async def started(till: Till, calls: int, held: str, cost: str) -> Process:
    module = [sys.executable, "-m", "tests.application.budget_process"]
    arguments = [till.log.url, str(till.tenant), str(calls), held, cost]
    return await asyncio.create_subprocess_exec(*module, *arguments, stdin=PIPE, stdout=PIPE)


async def line(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def test_two_hundred_calls_of_four_processes_get_the_fifty_that_the_budget_is_for(till: Till) -> None:
    await till.limit(day=50)
    processes = [await started(till, 50, "1", "1") for _ in range(4)]
    try:
        assert [await line(process) for process in processes] == ["ready"] * 4
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
        ends = [(await line(process)).split() for process in processes]
        assert (sum(int(made) for made, _ in ends), sum(int(refused) for _, refused in ends)) == (50, 150)
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()
    till.paid = Decimal(50)
    await till.check()


async def test_calls_that_cost_half_of_what_they_hold_all_get_their_turn(till: Till) -> None:
    """Held are two at a time of what is left; everyone who fits after the others have settled is served."""
    await till.limit(day=50)
    conversations = [await till.begin() for _ in range(100)]
    ends = await asyncio.gather(
        *(till.call(each, 1, Decimal("0.5"), patience=30, seconds=0.01) for each in conversations),
        return_exceptions=True,
    )
    refused = [end for end in ends if end is not None]
    assert {type(end) for end in refused} <= {BudgetExhausted}
    # 99 calls leave half of what one holds.
    assert len(refused) == 1
    assert till.paid == Decimal("49.5")
    await till.check()


@pytest.mark.parametrize(("how", "paid"), [("never", 0), ("ahead", 3)])
async def test_what_a_killed_process_held_is_free_after_a_while(till: Till, how: str, paid: int) -> None:
    await till.limit(day=50)
    process = await started(till, 30, "1", how)
    try:
        assert await line(process) == "held"
    finally:
        process.kill()
        await process.wait()
    assert ((await till.day()).reserved, await till.held()) == (30, 30)
    till.paid = Decimal(paid)

    async def expire(item: Item) -> object:
        context = Context(tenant=item.tenant, actor="system:worker", correlation=uuid7())
        return await expire_reservation(UUID(item.key), context, store=till.log.store, clock=now)

    async with Database(cell(till.log.url), role="retrace_runner", size=2) as system:
        kinds = {RESERVATION_WORK: Kind(handler=expire)}
        worker = Worker(Work(system), kinds, till.log.hints, concurrency=8, poll=0.1)
        working = asyncio.create_task(worker.run())
        async with asyncio.timeout(PATIENCE):
            while await till.held():
                await asyncio.sleep(0.1)
        worker.stop()
        await working
    await till.check()
    assert await till.reserve(50 - paid) is not None
