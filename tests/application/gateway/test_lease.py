"""What a call has reserved is held for as long as it lives, on the real log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from application.budgets.settle import RESERVATION_WORK
from application.gateway import lease as module
from application.gateway.lease import holding
from application.gateway.run import Run
from application.ports import Unavailable
from domain.budgets.reservation import Reservation
from tests.application.tills import Till, attempt, now
from tests.infra.log.parts import Log, log_on
from tests.until import PATIENCE, until


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


@pytest.fixture
def till(log: Log, monkeypatch: pytest.MonkeyPatch) -> Till:
    monkeypatch.setattr(module, "EVERY", 0.1)
    monkeypatch.setattr(module, "AGAIN", 0.1)
    return Till(log)


async def held(till: Till, amount: int, seconds: float = 60) -> Run:
    made = await till.reserve(amount, seconds=seconds)
    assert made is not None
    return Run(reservations=[made])


async def extensions(till: Till) -> list[Reservation.Extended]:
    events = [recorded.event async for recorded in till.log.store.events(till.tenant)]
    return [event for event in events if isinstance(event, Reservation.Extended)]


async def test_it_is_extended_until_the_call_has_ended_and_settled_once(till: Till) -> None:
    await till.limit(day=10)
    run = await held(till, 8)
    (first,) = await till.work(RESERVATION_WORK)
    async with holding(run, till.context, store=till.log.store, clock=now):
        async with asyncio.timeout(PATIENCE):
            while len(await extensions(till)) < 3:
                await asyncio.sleep(0.05)
        await till.expire_all()
        assert (await till.day()).reserved == 8
    (last,) = await till.work(RESERVATION_WORK)
    assert last[0] == first[0]
    assert last[1] - now() > timedelta(seconds=70)
    count = len(await extensions(till))
    await asyncio.sleep(0.3)
    assert len(await extensions(till)) == count
    await till.settle(await till.begin(), [attempt(5)], run.reservations)
    await till.check()


async def test_all_of_a_calls_reservations_are_extended_with_one_save(till: Till) -> None:
    await till.limit(day=10)
    run = await held(till, 1)
    more = await held(till, 2)
    run.reservations += more.reservations
    saves = till.log.store.saves["done"]
    async with holding(run, till.context, store=till.log.store, clock=now):
        async with asyncio.timeout(PATIENCE):
            while not await extensions(till):
                await asyncio.sleep(0.02)
    count = len(await extensions(till))
    assert count == 2 * (till.log.store.saves["done"] - saves)
    await till.settle(await till.begin(), [], run.reservations)
    await till.check()


async def test_an_extension_that_can_not_be_saved_is_tried_again(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    await till.limit(day=10)
    run, save, failed = await held(till, 1), till.log.store.save, 0

    async def failing(*aggregates: Any, **more: Any) -> Any:
        nonlocal failed
        failed += 1
        if failed < 3:
            raise Unavailable("the database is away")
        return await save(*aggregates, **more)

    monkeypatch.setattr(till.log.store, "save", failing)
    async with holding(run, till.context, store=till.log.store, clock=now):
        async with asyncio.timeout(PATIENCE):
            while not await extensions(till):
                await asyncio.sleep(0.02)
    await till.settle(await till.begin(), [attempt(1)], run.reservations)
    await till.check()


async def test_who_stood_still_for_too_long_is_told_by_the_invariants(till: Till) -> None:
    await till.limit(day=10)
    run = await held(till, 8, seconds=0)
    (reservation,) = run.reservations
    await till.expire(reservation)
    async with holding(run, till.context, store=till.log.store, clock=now):
        await until(lambda: not run.reservations)
    assert run.reserved == [reservation.id]
    await till.settle(await till.begin(), [attempt(3)], [reservation])
    (violation,) = await till.unheld()
    assert "had reserved expired" in violation.text


async def test_a_call_that_is_cancelled_in_the_middle_of_an_extension_settles_it(till: Till) -> None:
    await till.limit(day=10)
    run = await held(till, 8)

    async def call() -> None:
        async with holding(run, till.context, store=till.log.store, clock=now):
            await asyncio.sleep(60)

    for delay in (0.1, 0.102, 0.105, 0.11, 0.12):
        task = asyncio.create_task(call())
        await asyncio.sleep(delay)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await till.settle(await till.begin(), [attempt(Decimal("0.5"))], run.reservations)
    await till.check()
