"""Calls that need more of a budget while they hold a part of it already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from application.budgets import fair_queue
from application.budgets.reserve import reserve
from application.budgets.settled_save import settled_save
from application.gateway.attempt import Attempted
from application.gateway.run import Run
from domain.budgets.budget import BudgetExhausted, BudgetHeld
from domain.budgets.reservation import Reservation
from domain.conversations.conversation import Conversation
from domain.gateway.decision import Routing
from tests.application.tills import MODEL, Till, attempt, now
from tests.infra.log.parts import Log, log_on
from tests.until import PATIENCE, until


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


@pytest.fixture
def till(log: Log) -> Till:
    return Till(log)


async def more(till: Till, amount: int, ran: Run, patience: float = 60.0) -> None:
    made = await reserve(
        Decimal(amount),
        ran.reservations[0].state.interaction,
        MODEL,
        till.context,
        till,
        patience=patience,
        hold=ran,
    )
    assert ran.reservations[-1] is made


async def holding(till: Till, amount: int) -> Run:
    made = await till.reserve(amount)
    assert made is not None
    return Run(reservations=[made])


async def test_a_call_does_not_wait_for_what_it_holds_itself(till: Till) -> None:
    await till.limit(day=10)
    mine, started = await holding(till, 4), time.monotonic()
    with pytest.raises(BudgetExhausted):
        await more(till, 7, mine)
    assert time.monotonic() - started < 50
    await till.settle(await till.begin(), [], mine.reservations)
    await till.check()


async def test_two_calls_do_not_wait_for_each_other(till: Till) -> None:
    await till.limit(day=10)

    both = asyncio.Barrier(2)

    async def call() -> None:
        mine = await holding(till, 4)
        await both.wait()
        await more(till, 5, mine)
        held = mine.reservations
        assert sum(each.amount for each in held) == 9
        await till.settle(await till.begin(), [attempt(1)], held, held[-1].state.interaction)

    started = time.monotonic()
    await asyncio.gather(call(), call())
    assert time.monotonic() - started < 50
    await till.check()


async def test_where_there_is_room_it_keeps_what_it_has(till: Till) -> None:
    await till.limit(day=10)
    mine = await holding(till, 4)
    (first,) = mine.reservations
    await more(till, 5, mine)
    assert mine.reservations[0] is first
    assert len(mine.reservations) == 2
    await till.settle(await till.begin(), [attempt(9)], mine.reservations, first.state.interaction)
    await till.check()


async def test_a_large_call_is_not_starved_by_small_ones(till: Till) -> None:
    await till.limit(day=10)
    conversations, over = [await till.begin() for _ in range(12)], asyncio.Event()

    async def small(conversation: Conversation) -> None:
        while not over.is_set():
            await till.call(conversation, 1, 0, patience=60, seconds=0.02)

    flow = [asyncio.create_task(small(each)) for each in conversations]
    async with asyncio.timeout(50):
        made = await till.reserve(9, patience=30)
    over.set()
    await till.settle(await till.begin(), [], [made])
    await asyncio.gather(*flow)
    await till.check()


async def test_those_that_wait_alike_are_served_in_the_order_in_which_they_came(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fair_queue, "POLITE", 0.0)
    await till.limit(day=10)
    first, conversations = await till.reserve(8), [await till.begin() for _ in range(5)]
    served: list[int] = []

    async def call(number: int) -> None:
        made = await till.reserve(6, patience=60)
        served.append(number)
        await till.settle(conversations[number], [attempt(Decimal("0.1"))], [made])

    tasks = []
    for number in range(5):
        tasks.append(asyncio.create_task(call(number)))
        await until(lambda: len(till.budget_queue._waiting.get(till.tenant, ())) == len(tasks))
    await till.settle(await till.begin(), [], [first])
    await asyncio.gather(*tasks)
    assert served == sorted(served)
    await till.check()


async def test_who_waits_for_a_call_that_lasts_lets_the_others_pass_after_a_while(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fair_queue, "POLITE", 0.0)
    monkeypatch.setattr(fair_queue, "RIGHT_OF_WAY", 0.5)
    await till.limit(day=10)
    lasting = await till.reserve(7)
    large = asyncio.create_task(till.reserve(5, patience=60))
    await asyncio.sleep(0.1)
    small = await till.reserve(1, patience=60)
    assert small is not None
    assert not large.done()
    conversation = await till.begin()
    await till.settle(conversation, [], [lasting])
    await till.settle(conversation, [], [small, await large])
    await till.check()


async def test_who_waits_and_goes_away_holds_nothing_and_is_in_nobodys_way(till: Till) -> None:
    await till.limit(day=10)
    mine = await holding(till, 4)
    other = await till.reserve(5)
    task = asyncio.create_task(more(till, 3, mine, patience=60))
    async with asyncio.timeout(PATIENCE):
        while mine.reservations:  # it has given them back, and waits
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert mine.reservations == []
    await till.settle(await till.begin(), [], [other])
    await till.check()


async def test_what_a_provider_may_still_bill_stays_held_while_the_call_waits_for_more(till: Till) -> None:
    await till.limit(day=10)
    mine, other = await holding(till, 4), await till.reserve(4)
    mine.add(Attempted(completion=None, attempt=attempt(1, "timeout"), uncertain=Decimal(2)))
    assert mine.needs(Decimal(3)) == 2
    task = asyncio.create_task(more(till, 3, mine, patience=60))
    await until(lambda: not mine.uncertain)
    assert (await till.day()).reserved == 6
    await till.settle(await till.begin(), [], [other])
    await task
    (made,) = mine.reservations
    assert made.amount == 5  # the 4 as before, of which 2 stay held apart, and 3 more
    await till.settle(await till.begin(), mine.attempts, mine.reservations)
    assert (await till.day()).reserved == 2


@pytest.mark.parametrize("uncertain", [0, 2])
async def test_a_call_that_has_given_back_what_it_held_and_got_no_more_was_held_all_the_same(
    till: Till, uncertain: int
) -> None:
    await till.limit(day=10)
    mine, _ = await holding(till, 4), await till.reserve(5)
    (held,) = mine.reservations
    paid = attempt(1, "timeout", began=now() + timedelta(minutes=2))  # long after the limit was set
    mine.add(Attempted(completion=None, attempt=paid, uncertain=Decimal(uncertain)))
    with pytest.raises(BudgetHeld):
        await more(till, 3, mine, patience=0)
    assert (mine.reservations, mine.reserved) == ([], [held.id])
    conversation, interaction = await till.begin(), held.state.interaction
    routing = Routing(model=MODEL, reason="r")
    conversation.meter(
        interaction, routing=routing, attempts=mine.attempts, reservations=mine.reserved, at=now()
    )
    await settled_save(conversation, mine.calls, mine, interaction, till.context, till)
    assert await till.unheld() == []
    events = [recorded.event async for recorded in till.log.store.events(till.tenant)]
    ends = [each for each in events if isinstance(each, Reservation.Done | Reservation.Retained)]
    assert [each.interaction for each in ends] == [interaction]
