"""An answer that is left off half-way, because whoever gave it was stopped."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest

from application.base.erase import Erase, erase
from application.budgets.budget import SetBudget, set_budget
from application.budgets.charges import compare_tallies
from application.budgets.status import budget_status
from application.conversations.streaming import Subscriber
from application.models.catalogue import PriceTerms, SetPrice, set_price
from application.ports import Unavailable
from application.privacy.forget import forget_conversation
from domain.audit.invariants import Invariants
from domain.base.errors import Erased
from domain.budgets.budget import BudgetLimits
from domain.budgets.reservation import Reservation
from domain.conversations.conversation import Conversation
from domain.conversations.orphan import Orphan
from tests.application.conftest import Shop


@pytest.fixture(autouse=True)
async def _budget(shop: Shop) -> None:
    every = {"store": shop.parts.store, "clock": shop.parts.clock}
    terms = PriceTerms(input=Decimal(100), output=Decimal(100))
    price = SetPrice(model="local/extractive", terms=terms)
    await set_price(price, shop.context, shipped=shop.parts.catalogue, **every)
    await set_budget(SetBudget(limits=BudgetLimits(day=Decimal(100))), shop.context, **every)


async def reserved(shop: Shop) -> int:
    """By calls, without what is held ahead for the next one."""
    values = (await shop.parts.store.tallies(shop.context.tenant, "budget")).values
    assert await compare_tallies(shop.context.tenant, store=shop.parts.store) == {}
    held = sum(value for key, value in values.items() if key.startswith("reserved:"))
    return held - shop.parts.reservation_pool.held(shop.context.tenant)


async def metered(shop: Shop) -> list[Conversation.Metered]:
    every = [recorded.event async for recorded in shop.parts.store.events(shop.context.tenant)]
    return [event for event in every if isinstance(event, Conversation.Metered)]


async def retained(shop: Shop) -> list[Reservation.Retained]:
    every = [recorded.event async for recorded in shop.parts.store.events(shop.context.tenant)]
    return [event for event in every if isinstance(event, Reservation.Retained)]


async def test_what_it_cost_until_then_is_on_record_and_what_it_may_still_cost_stays_reserved(
    shop: Shop,
) -> None:
    received = await shop.receive("hello")

    async def stop() -> None:
        assert await reserved(shop) > 0
        task.cancel()
        await asyncio.sleep(1)

    shop.provider.meanwhile = stop
    task = asyncio.create_task(shop.answer(received.conversation))
    await asyncio.wait([task])
    assert task.cancelled()
    (event,) = await metered(shop)
    (attempt,) = event.attempts
    assert (attempt.outcome, attempt.usage.output) == ("cancelled", 0)
    assert event.cost > 0
    (rest,) = await retained(shop)
    assert await reserved(shop) == rest.amount > 0
    assert (rest.interaction, event.reservations) == (event.interaction, (rest.originator_id,))


async def test_an_answer_that_is_being_put_on_record_is_so_though_nobody_waits_any_more(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = await shop.receive("hello")
    save = shop.parts.store.save

    async def cancelling(*aggregates: object, **more: object) -> object:
        if any(isinstance(each, Conversation) for each in aggregates):
            task.cancel()
            await asyncio.sleep(0.01)
        return await save(*aggregates, **more)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(shop.parts.store, "save", cancelling)
    task = asyncio.create_task(shop.answer(received.conversation))
    await asyncio.wait([task])
    assert task.cancelled()
    assert await reserved(shop) == 0
    assert [event.attempts[0].outcome for event in await metered(shop)] == ["ok"]
    assert len(await shop.answers(received.conversation)) == 1


@pytest.mark.parametrize(
    "step",
    [
        "conversations.answer.wait_until_idle",
        "answers.variants.settings_of",
        "answers.compose.grounds_of",
        "answers.prepare.route",
    ],
)
@pytest.mark.parametrize("error", [Unavailable("the database is away"), asyncio.CancelledError()])
async def test_a_first_try_that_newer_messages_have_overtaken_is_on_record_where_the_next_one_is_left_off(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    received = await shop.receive("hello")

    async def fail(*_: object, **__: object) -> None:
        raise error

    async def come() -> None:
        await shop.receive("and on Sundays?")
        monkeypatch.setattr(f"application.{step}", fail)

    shop.provider.meanwhile = come
    with pytest.raises(type(error)):
        await shop.answer(received.conversation)
    (event,) = await metered(shop)
    assert [attempt.outcome for attempt in event.attempts] == ["ok"]
    assert event.cost > 0
    assert await reserved(shop) == 0


async def test_an_answer_that_newer_messages_overtake_while_its_caller_is_stopped_is_paid_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    received = await shop.receive("hello")
    save, stopped = shop.parts.store.save, False

    async def overtaken(*aggregates: object, **more: object) -> object:
        nonlocal stopped
        if not stopped and any(isinstance(each, Conversation) for each in aggregates):
            stopped = True
            await shop.receive("and on Sundays?")
            task.cancel()
            await asyncio.sleep(0.01)
        return await save(*aggregates, **more)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr(shop.parts.store, "save", overtaken)
    task = asyncio.create_task(shop.answer(received.conversation))
    await asyncio.wait([task])
    assert task.cancelled()
    assert [event.attempts[0].outcome for event in await metered(shop)] == ["ok"]
    assert await reserved(shop) == 0


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("gone", [False, True])
async def test_an_answer_whose_customer_is_erased_meanwhile_has_cost_what_it_has(
    shop: Shop, streamed: bool, gone: bool
) -> None:
    parts, received = shop.parts, await shop.receive("hello")
    heard: list[str] = []

    async def forget() -> None:
        more = {"store": parts.store, "clock": parts.clock}
        assert await forget_conversation(received.conversation, shop.context, **more)  # type: ignore[arg-type]  # as it takes them
        if gone:
            command = Erase(subject=received.conversation)
            await erase(command, shop.context, eraser=parts.eraser, cache=parts.providers.cache)

    async def emit(piece: str) -> None:
        heard.append(piece)

    async def restarted() -> None:
        heard.clear()

    if streamed:
        shop.provider.between = forget
    else:
        shop.provider.meanwhile = forget
    subscriber = Subscriber(received.interaction, emit, restarted) if streamed else None
    with suppress(Erased):
        assert await shop.answer(received.conversation, subscriber) is None
    assert bool(heard) == streamed
    every = [recorded async for recorded in parts.store.events(shop.context.tenant)]
    (event,) = [each.event for each in every if isinstance(each.event, Orphan.Metered)]
    assert (event.interaction, event.attempts[0].outcome) == (received.interaction, "ok")
    assert event.cost > 0
    assert event.reservations
    assert await reserved(shop) == 0
    day, _ = await budget_status(
        BudgetLimits(), parts.clock().date(), tenant=shop.context.tenant, store=parts.store
    )
    assert day.spent == event.cost
    invariants = Invariants()
    invariants.fold(every)
    assert invariants.violations == []
