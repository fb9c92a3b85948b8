from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
import pytest_asyncio

from application.budgets import budget as budgets
from application.budgets.budget import ALERT_WORK
from application.budgets.charges import compare_tallies, mend_tallies
from application.budgets.reserve import reserve
from application.budgets.settle import settlement
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.budgets.budget import Budget, BudgetExhausted, BudgetHeld
from domain.budgets.reservation import Reservation
from infra.ids import uuid7
from tests.application.tills import Till, attempt, now
from tests.infra.log.parts import Log, log_on


@pytest_asyncio.fixture(scope="module", name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log


@pytest.fixture
def till(log: Log) -> Till:
    return Till(log)


async def test_without_a_budget_nothing_is_reserved_but_what_is_spent_is_counted(till: Till) -> None:
    conversation = await till.begin()
    assert await till.reserve(5) is None
    await till.call(conversation, 5, Decimal("0.25"))
    assert (await till.day()).spent == Decimal("0.25")
    await till.check()


async def test_a_budget_that_is_set_at_noon_knows_what_the_morning_has_cost(till: Till) -> None:
    await till.call(await till.begin(), 0, Decimal("0.9"))
    await till.limit(day=1)
    with pytest.raises(BudgetExhausted):
        await till.reserve(Decimal("0.11"))
    assert await till.reserve(Decimal("0.1")) is not None


async def test_a_call_is_reserved_settled_and_given_back(till: Till) -> None:
    await till.limit(day=10, month=100)
    conversation = await till.begin()
    made = await till.reserve(3)
    assert made is not None
    assert made.amount == 3
    day, month = await till.stand()
    assert (day.spent, day.reserved, day.remaining) == (0, 3, 7)
    assert (month.spent, month.reserved, month.remaining) == (0, 3, 97)
    assert await till.held() == 1
    await till.settle(conversation, [attempt(1), attempt(Decimal("0.5"), "timeout")], [made])
    assert (await till.day()).remaining == Decimal("8.5")
    await till.check()


async def test_a_free_call_is_never_refused(till: Till) -> None:
    await till.limit(day=0)
    assert await till.reserve(0) is None
    with pytest.raises(BudgetExhausted):
        await till.reserve(Decimal("0.000000000001"))


async def test_the_refusal_names_the_period_the_limit_and_the_way_on(till: Till) -> None:
    await till.limit(day=5, month=2, on_hard="degrade")
    with pytest.raises(BudgetExhausted) as refused:
        await till.reserve(Decimal("2.5"))
    error, month = refused.value, f"{now():%Y-%m}"
    assert (error.period, error.limit, error.on_hard) == (month, 2, "degrade")
    assert error.until.day == 1
    assert error.until > now()
    assert error.facts == {
        "period": month,
        "limit": "2",
        "until": error.until.isoformat(),
        "on_hard": "degrade",
    }
    assert "raise the budget or wait until" in error.detail


async def test_the_first_refusal_of_a_period_goes_on_record(till: Till) -> None:
    await till.limit(day=1)
    refusals = await asyncio.gather(*(till.reserve(2) for _ in range(20)), return_exceptions=True)
    assert {type(each) for each in refusals} == {BudgetExhausted}
    events = [recorded.event async for recorded in till.log.store.events(till.tenant)]
    (exhausted,) = [event for event in events if isinstance(event, Budget.Exhausted)]
    assert (exhausted.period, exhausted.needed) == (str(now().date()), 2)


async def test_a_call_may_cost_more_than_was_reserved_and_beyond_the_limit(till: Till) -> None:
    await till.limit(day=1)
    await till.call(await till.begin(), 1, Decimal("1.7"))
    assert (await till.day()).remaining == Decimal("-0.7")
    await till.check()


async def test_a_lowered_limit_holds_at_once_and_a_raised_one_too(till: Till) -> None:
    await till.limit(day=10)
    assert await till.reserve(6) is not None
    await till.limit(day=5)
    with pytest.raises(BudgetHeld):
        await till.reserve(Decimal("0.01"))
    await till.limit(day=12)
    assert await till.reserve(6) is not None
    await till.limit()
    assert await till.reserve(100) is None
    assert await till.broken() == []


async def test_a_call_waits_for_what_others_give_back(till: Till) -> None:
    await till.limit(day=10)
    conversations = [await till.begin() for _ in range(2)]
    first = await till.reserve(8)
    waiting = asyncio.create_task(till.call(conversations[1], 8, 1, patience=60))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await till.settle(conversations[0], [attempt(1)], [first])
    await waiting
    await till.check()


async def test_a_call_that_could_never_fit_does_not_wait(till: Till) -> None:
    await till.limit(day=10)
    await till.call(await till.begin(), 5, 5)
    await till.reserve(5)
    async with asyncio.timeout(50):
        with pytest.raises(BudgetExhausted):
            await till.reserve(6, patience=60)


async def test_a_call_that_waits_in_vain_is_told_when_to_come_back(till: Till) -> None:
    await till.limit(day=10)
    conversation = await till.begin()
    await till.call(conversation, 1, 1)
    held = [await till.reserve(4, seconds=30), await till.reserve(4)]
    with pytest.raises(BudgetHeld) as refused:
        await till.reserve(8, patience=0.3)
    error = refused.value
    assert 10 < error.retry_after <= 30
    assert error.facts == {
        "period": str(now().date()),
        "limit": "10",
        "until": error.until.isoformat(),
        "on_hard": "stop",
        "spent": "1",
        "held": "8",
        "calls": 2,
        "retry_after": error.retry_after,
    }
    assert "1 are spent, 8 are held by 2 calls" in error.detail
    assert f"try again in {error.retry_after} s" in error.detail
    events = [recorded.event async for recorded in till.log.store.events(till.tenant)]
    assert not [event for event in events if isinstance(event, Budget.Exhausted)]
    await till.settle(conversation, [], held)
    await till.check()


async def test_a_reservation_that_nobody_settles_expires(till: Till) -> None:
    await till.limit(day=10)
    made = await till.reserve(8, seconds=0)
    assert made is not None
    ends = made.state.expires_at
    assert await till.expire(made, clock=lambda: ends - timedelta(seconds=1)) == ends
    assert (await till.day()).reserved == 8
    for _ in range(2):
        assert await till.expire(made) is None
    assert (await till.day()).reserved == 0


async def test_a_call_that_ends_after_its_reservation_is_charged_all_the_same(till: Till) -> None:
    await till.limit(day=10)
    conversation = await till.begin()
    expired, other = await till.reserve(4, seconds=0), await till.reserve(4)
    assert expired is not None
    await till.expire(expired)
    await till.settle(conversation, [attempt(3)], [expired, other])
    assert (await till.day()).spent == 3
    assert len(await till.unheld()) == 1
    till.late = True
    await till.check()


async def test_expiring_and_settling_at_once_gives_back_once(till: Till) -> None:
    await till.limit(day=100)
    conversations = await asyncio.gather(*(till.begin() for _ in range(20)))
    made = [await till.reserve(1, seconds=0) for _ in conversations]
    await asyncio.gather(
        *(
            till.settle(conversation, [attempt(2)], [one])
            for conversation, one in zip(conversations, made, strict=True)
        ),
        *(till.expire(one) for one in made if one is not None),
    )
    till.late = True
    await till.check()


async def test_a_settlement_that_was_not_saved_leaves_the_reservation_as_it_was(till: Till) -> None:
    await till.limit(day=10)
    conversation = await till.begin()
    made = await till.reserve(4)
    assert made is not None
    settlement([attempt(1)], [made], now())
    assert made.state.open
    await till.settle(conversation, [attempt(1)], [made])
    await till.check()


async def test_a_reservation_is_settled_once(till: Till) -> None:
    await till.limit(day=10)
    conversation = await till.begin()
    made = await till.reserve(4)
    assert made is not None
    await till.settle(conversation, [attempt(1)], [made])
    settled = settlement([], [made], now())
    with pytest.raises(Conflict):
        await till.log.store.save(*settled.ended, context=till.context, tallies=settled.tallies)
    await till.check()


async def test_nothing_to_settle_is_an_empty_settlement() -> None:
    settled = settlement([attempt(0)], [], now())
    assert (settled.ended, settled.work, settled.tallies) == ((), (), ())


async def test_a_call_counts_on_the_day_on_which_it_began(till: Till) -> None:
    yesterday = now() - timedelta(days=1)
    await till.settle(await till.begin(), [attempt(2, began=yesterday), attempt(1)], [])
    tallies = (await till.log.store.tallies(till.tenant, "budget")).values
    assert tallies[f"day:{yesterday.date()}"] == 2 * 10**12
    assert tallies[f"day:{now().date()}"] == 10**12
    assert await compare_tallies(till.tenant, store=till.log.store) == {}


async def test_alerts_are_raised_once_and_again_for_another_limit(till: Till) -> None:
    async def raised() -> list[tuple[str, float, Decimal]]:
        await till.look()
        events = [recorded.event async for recorded in till.log.store.events(till.tenant)]
        return [(e.period, e.share, e.spent) for e in events if isinstance(e, Budget.AlertRaised)]

    day, conversation = str(now().date()), await till.begin()
    await till.limit(day=10, soft=(0.5, 1.0))
    await till.call(conversation, 4, 4)
    assert await raised() == []
    await till.call(conversation, 4, 4)
    assert await raised() == [(day, 0.5, 8)]
    await till.call(conversation, 2, 2)
    assert await raised() == [(day, 0.5, 8), (day, 1.0, 10)]
    assert await raised() == [(day, 0.5, 8), (day, 1.0, 10)]
    await till.limit(day=20, soft=(0.5, 1.0))
    assert (await raised())[2:] == [(day, 0.5, 10)]


async def test_what_calls_under_way_have_reserved_raises_no_alert(till: Till) -> None:
    await till.limit(day=10)
    await till.reserve(10)
    await till.look()
    budget = await till.log.store.load(Budget, Budget.id_of(till.tenant), tenant=till.tenant)
    assert budget.state.alerts == {}


async def test_steady_spending_never_puts_off_the_look_for_alerts(till: Till) -> None:
    await till.limit(day=10)
    conversation = await till.begin()
    for _ in range(3):
        await till.call(conversation, 1, 1)
    rows = await till.work(ALERT_WORK)
    assert 1 <= len(rows) <= 2
    assert all(due <= now() + budgets.ALERTS_EVERY for _, due in rows)


async def test_tallies_that_were_changed_are_found_and_mended_while_calls_go_on(till: Till) -> None:
    await till.limit(day=100)
    conversation = await till.begin()
    await till.call(conversation, 3, 2)
    with psycopg.connect(till.log.url, autocommit=True) as superuser:
        superuser.execute("UPDATE retrace.tally SET value = value + 7 WHERE tenant = %s", [till.tenant])
        superuser.execute(
            "DELETE FROM retrace.tally WHERE tenant = %s AND key LIKE 'month:%%'", [till.tenant]
        )
    assert len(await compare_tallies(till.tenant, store=till.log.store)) == 3

    async def calling() -> None:
        for _ in range(10):
            await till.call(conversation, 1, 1)

    context = Context(tenant=till.tenant, actor="operator:test", correlation=uuid7())
    calls = asyncio.create_task(calling())
    mended = await asyncio.gather(*(mend_tallies(context, store=till.log.store, clock=now) for _ in range(3)))
    await calls
    assert sum(bool(changes) for changes in mended) == 1
    await till.check()


async def test_tallies_of_a_tenant_that_never_had_a_budget_are_mended_too(till: Till) -> None:
    await till.call(await till.begin(), 0, 2)
    with psycopg.connect(till.log.url, autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace.tally WHERE tenant = %s", [till.tenant])
    assert len(await mend_tallies(till.context, store=till.log.store, clock=now)) == 2
    await till.check()
    assert await till.reserve(1) is None


async def test_nothing_of_a_reservation_is_personal(till: Till) -> None:
    """No subject gets a key for it: what it says is sealed under the tenant's own, and outlives every erasure."""
    await till.limit(day=10)
    made = await till.reserve(1)
    assert made is not None
    query = "SELECT subject FROM subject_keys WHERE tenant = %s"
    async with till.log.database.tenant(till.tenant) as connection:
        rows = await (await connection.execute(query, [till.tenant])).fetchall()
    assert [row[0].int for row in rows] == [0]
    assert isinstance(await till.log.store.load(Reservation, made.id, tenant=till.tenant), Reservation)


async def test_another_tenants_budget_is_another_ones(till: Till) -> None:
    other = Till(till.log)
    await till.limit(day=1)
    await other.limit(day=5)
    await till.reserve(1)
    made = await reserve(Decimal(4), uuid7(), "openai/x", other.context, other)
    assert made is not None
    assert (await till.day()).reserved == 1
