"""Reservations made ahead, on the real log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import pytest_asyncio

from application.budgets import pool as module
from application.budgets.pool import IDLE, ReservationPool
from application.budgets.settle import LIFETIME
from domain.base.aggregate import NIL, Event
from domain.budgets.reservation import Reservation
from domain.conversations.conversation import Conversation
from infra.ids import uuid7
from tests.application.tills import Till, attempt, now
from tests.infra.log.parts import Log, log_on
from tests.until import until


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


@pytest_asyncio.fixture
async def till(log: Log, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    monkeypatch.setattr(module, "IDLE", 600.0)  # nothing is given back but where a test is about that
    till = Till(log)
    await till.limit(day=100)
    yield till
    if till.reservation_pool is not None:
        await till.reservation_pool.close()
    await till.check()


async def call(till: Till, held: Decimal | int, cost: Decimal | int) -> Reservation:
    """One from beginning to end; what it held."""
    interaction = uuid4()
    made = await till.reserve(held, interaction=interaction)
    assert made is not None
    await till.settle(await till.begin(), [attempt(cost)], [made], interaction)
    return made


async def events(till: Till) -> list[Event | None]:
    return [recorded.event async for recorded in till.log.store.events(till.tenant)]


async def test_a_call_leaves_what_it_has_held_to_the_next_one(till: Till) -> None:
    spares = till.ahead()
    first = await call(till, 5, 2)
    day = await till.day()
    assert (day.spent, day.reserved, spares.held(till.tenant)) == (2, 5, 5 * 10**12)
    saves = till.log.store.saves["done"]
    taken = await till.reserve(4)
    assert till.log.store.saves["done"] == saves
    assert taken is first
    await till.settle(await till.begin(), [attempt(3)], [taken])
    assert ((await till.day()).spent, (await till.day()).reserved) == (5, 5)
    assert [type(event).TOPIC for event in await events(till) if isinstance(event, Reservation.Event)] == [
        "reservation.made"
    ]


async def test_each_call_names_what_has_held_its_cost(till: Till) -> None:
    till.ahead()
    made = [await call(till, amount, Decimal("0.1")) for amount in (2, 2, 3)]
    assert made[0] is made[1]
    metered = [event for event in await events(till) if isinstance(event, Conversation.Metered)]
    assert [event.reservations for event in metered] == [(each.id,) for each in made]


async def test_one_that_was_held_against_other_limits_is_replaced_with_the_calls_end(till: Till) -> None:
    spares = till.ahead()
    first = await till.reserve(5)
    await till.limit(day=50)
    interaction = uuid4()
    await till.settle(await till.begin(), [attempt(1)], [first], interaction)
    ended, made = [event for event in (await events(till))[-3:] if isinstance(event, Reservation.Event)]
    assert (isinstance(ended, Reservation.Done) and ended.interaction) == interaction
    assert isinstance(made, Reservation.Made)
    assert (made.interaction, spares.held(till.tenant), await till.held()) == (NIL, 5 * 10**12, 1)


async def test_what_nobody_takes_is_given_back_within_seconds(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def given_back() -> bool:
        return not (await till.day()).reserved

    monkeypatch.setattr(module, "IDLE", IDLE)
    spares = till.ahead()
    await call(till, 5, 2)
    await until(given_back, every=0.1)
    assert (await till.held(), spares.held(till.tenant)) == (0, 0)
    monkeypatch.setattr(module, "IDLE", 600.0)
    await call(till, 5, 2)  # and it begins again
    assert spares.held(till.tenant) == 5 * 10**12


async def test_one_that_is_taken_and_left_again_stays_as_long_as_it_is_used(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE", IDLE)
    spares = till.ahead()
    rounds = 0
    while rounds < 6:
        began = time.monotonic()
        await call(till, 1, Decimal("0.1"))
        await asyncio.sleep(IDLE / 2)
        held = spares.held(till.tenant)
        if time.monotonic() < began + IDLE:  # on a busy machine it may have been idle for longer
            assert held == 10**12
            rounds += 1


async def test_near_a_limit_there_are_none(till: Till) -> None:
    spares = till.ahead()
    await call(till, 10, 80)
    assert spares.held(till.tenant) == 10 * 10**12  # exactly at nine tenths
    await call(till, 10, 1)
    assert spares.held(till.tenant) == 0
    await call(till, 1, 1)  # for a while it does not ask again
    assert (await till.day()).reserved == 0
    assert ((await till.day()).spent, await till.held()) == (82, 0)


async def test_who_needs_all_that_is_left_gets_it(till: Till) -> None:
    spares = till.ahead()
    await call(till, 40, 10)
    made = await till.reserve(90)  # at once: this process gives back what it does not need
    assert made is not None
    assert spares.held(till.tenant) == 0
    await till.settle(await till.begin(), [], [made])


async def test_another_process_gets_what_is_idle_here(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE", IDLE)
    till.ahead()
    await call(till, 40, 10)
    other = Till(till.log, till.context)
    made = await other.reserve(90, patience=60)
    assert made is not None
    await other.settle(await other.begin(), [], [made])


async def test_a_smaller_one_is_no_help_and_the_smallest_that_fits_is_taken(till: Till) -> None:
    spares = till.ahead()
    made = [await till.reserve(amount) for amount in (3, 1, 2)]
    for each in made:
        await till.settle(await till.begin(), [attempt(Decimal("0.1"))], [each])
    assert await spares.take(Decimal("3.5"), till.context) is None
    taken = [await spares.take(Decimal("1.5"), till.context) for _ in range(2)]
    assert [each and each.amount for each in taken] == [2, 3]
    await till.settle(await till.begin(), [], taken)


async def test_one_that_was_held_against_other_limits_is_not_taken(till: Till) -> None:
    spares = till.ahead()
    await call(till, 5, 2)
    await till.limit(day=50)

    async def not_taken() -> bool:
        return await spares.take(Decimal(5), till.context) is None

    await until(not_taken, every=0.1)  # until this process knows


async def test_yesterdays_and_those_that_are_about_to_expire_are_not_taken(till: Till) -> None:
    times = [now()]
    till.reservation_pool = spares = ReservationPool(store=till.log.store, clock=lambda: times[0], ids=uuid7)
    await call(till, 5, 2)
    for later in (LIFETIME * 0.6, timedelta(days=1)):
        times[0] = now() + later
        assert await spares.take(Decimal(1), till.context) is None
    times[0] = now()
    taken = await spares.take(Decimal(1), till.context)
    assert taken is not None
    await till.settle(await till.begin(), [], [taken])


async def test_a_call_that_cost_nothing_or_needed_two_leaves_none(till: Till) -> None:
    spares = till.ahead()
    await call(till, 5, 0)
    two = [await till.reserve(1), await till.reserve(2)]
    await till.settle(await till.begin(), [attempt(1)], two)
    assert (spares.held(till.tenant), (await till.day()).reserved) == (0, 0)


async def test_there_are_only_so_many(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    spares = till.ahead()
    made = [await till.reserve(1) for _ in range(5)]
    for each in made:
        await till.settle(await till.begin(), [attempt(1)], [each])
    assert spares.held(till.tenant) == 3 * 10**12


async def test_at_the_end_all_are_given_back_and_no_more_are_made(till: Till) -> None:
    spares = till.ahead()
    await call(till, 5, 2)
    await spares.close()
    assert (await till.held(), (await till.day()).reserved) == (0, 0)
    await call(till, 5, 2)
    assert (await till.held(), (await till.day()).reserved) == (0, 0)


async def test_many_at_once_never_share_one(till: Till) -> None:
    till.ahead()

    async def customer() -> None:
        conversation = await till.begin()
        for _ in range(20):
            await till.call(conversation, 1, Decimal("0.01"), seconds=0.001)

    await asyncio.gather(*(customer() for _ in range(10)))
    assert (await till.day()).spent == 2
