"""Calls that need more of a budget while they hold a part of it already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio

from application.reserving import reserve
from domain.budget import BudgetExhausted
from domain.reservation import Reservation
from infra.ids import uuid7
from tests.application.tills import MODEL, Till, attempt, now
from tests.infra.log.parts import Log, log_on


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


@pytest.fixture
def till(log: Log) -> Till:
    return Till(log)


async def more(till: Till, amount: int, earlier: list[Reservation], patience: float = 5.0) -> None:
    made = await reserve(
        Decimal(amount),
        earlier[0].state.interaction,
        MODEL,
        till.context,
        store=till.log.store,
        clock=now,
        ids=uuid7,
        patience=patience,
        earlier=earlier,
    )
    assert made is not None
    earlier.append(made)


async def holding(till: Till, amount: int) -> list[Reservation]:
    made = await till.reserve(amount)
    assert made is not None
    return [made]


async def test_a_call_does_not_wait_for_what_it_holds_itself(till: Till) -> None:
    await till.limit(day=10)
    mine, started = await holding(till, 4), time.monotonic()
    with pytest.raises(BudgetExhausted):
        await more(till, 7, mine)
    assert time.monotonic() - started < 3
    await till.settle(await till.begin(), [], mine)
    await till.check()


async def test_two_calls_do_not_wait_for_each_other(till: Till) -> None:
    await till.limit(day=10)

    async def call() -> None:
        mine = await holding(till, 4)
        await asyncio.sleep(0.05)
        await more(till, 5, mine)
        assert sum(each.amount for each in mine) == 9
        await till.settle(await till.begin(), [attempt(1)], mine, mine[-1].state.interaction)

    started = time.monotonic()
    await asyncio.gather(call(), call())
    assert time.monotonic() - started < 4
    await till.check()


async def test_where_there_is_room_it_keeps_what_it_has(till: Till) -> None:
    await till.limit(day=10)
    mine = await holding(till, 4)
    first = mine[0]
    await more(till, 5, mine)
    assert mine[0] is first
    assert len(mine) == 2
    await till.settle(await till.begin(), [attempt(9)], mine, first.state.interaction)
    await till.check()
