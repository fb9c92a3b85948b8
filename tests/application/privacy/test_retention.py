from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from application.base.erase import ERASE_WORK
from application.operations.work import kinds
from application.privacy import retention
from application.privacy.retention import (
    RETENTION_WORK,
    KeepRetention,
    SetRetention,
    keep_retention,
    retention_of,
    set_retention,
)
from application.shop.booking import BookSlot, book_slot
from application.shop.booking_end import cancel_booking
from application.shop.forgetting import FORGET_PURCHASES_WORK, ForgetPurchases, forget_purchases
from application.shop.service import add_service
from domain.base.context import Context
from domain.base.errors import Erased
from domain.conversations.conversation import Conversation
from domain.shop.availability import WEEKDAYS, Availability, WeeklyWindow
from domain.shop.booking import Booking
from domain.shop.service import ServiceFacts
from infra.work.items import Item
from tests.application.conftest import Shop
from tests.application.privacy.traces import read_models, talk

DAYS = 30


async def keep_for(shop: Shop, days: int | None) -> int:
    command = SetRetention(days=days)
    done = await set_retention(command, shop.context, store=shop.parts.store, clock=shop.parts.clock)
    assert (await retention_of(shop.context.tenant, store=shop.parts.store))[0] == days
    return done.position


async def run(shop: Shop, at: datetime) -> datetime | None:
    """What the work does on the day of `at`."""
    context = Context(tenant=shop.context.tenant, actor="system:retention", correlation=shop.parts.ids())
    await read_models(shop, but=["transcript"])
    return await keep_retention(
        KeepRetention(at=at),
        context,
        store=shop.parts.store,
        idle=shop.parts.idle,
        purchases=shop.parts.purchases,
        clock=shop.parts.clock,
    )


def later(shop: Shop, days: float = DAYS) -> datetime:
    return shop.parts.clock() + timedelta(days=days)


async def forgotten(shop: Shop) -> dict[UUID, str]:
    """Conversations that were forgotten, and by whom."""
    every = [recorded async for recorded in shop.parts.store.events(shop.context.tenant)]
    return {
        recorded.stream: recorded.actor
        for recorded in every
        if isinstance(recorded.event, Conversation.Forgotten)
    }


async def test_nothing_is_forgotten_until_a_tenant_says_so(shop: Shop) -> None:
    await talk(shop, "hello")
    await read_models(shop)
    assert await retention_of(shop.context.tenant, store=shop.parts.store) == (None, 0)
    assert await run(shop, later(shop, 10_000)) is None
    assert await forgotten(shop) == {}


async def test_conversations_that_are_idle_for_long_are_forgotten_and_no_others(shop: Shop) -> None:
    await keep_for(shop, DAYS)
    old = {await talk(shop, "hello", name) for name in ("anna", "bert")}
    between = shop.parts.clock()
    young = await talk(shop, "hello", "carl")
    await read_models(shop)
    at = between + timedelta(days=DAYS)
    assert await run(shop, at) == at + timedelta(days=1)
    assert await forgotten(shop) == dict.fromkeys(old, "system:retention")
    kinds = (ERASE_WORK, FORGET_PURCHASES_WORK)
    work = {(kind, conversation.hex) for conversation in old for kind in kinds}
    assert await shop.owed() == work | {(RETENTION_WORK, shop.context.tenant.hex)}
    await run(shop, at)
    assert set(await forgotten(shop)) == old, "what was forgotten is not forgotten again"
    assert young not in await forgotten(shop)


async def test_a_conversation_that_came_to_life_again_is_kept_though_the_read_model_is_behind(
    shop: Shop,
) -> None:
    await keep_for(shop, DAYS)
    conversation = await talk(shop, "hello")
    await read_models(shop)
    between = shop.parts.clock()
    await talk(shop, "I am back")
    await run(shop, between + timedelta(days=DAYS))
    assert await forgotten(shop) == {}
    await run(shop, later(shop))
    assert set(await forgotten(shop)) == {conversation}


async def test_it_goes_on_in_batches_from_where_it_ended(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    await keep_for(shop, DAYS)
    everyone = {await talk(shop, "hello", str(number)) for number in range(5)}
    await read_models(shop)
    at = later(shop)
    monkeypatch.setattr(retention, "TURN", 0.0)
    assert await run(shop, at) == at, "the rest is due at once"
    assert len(await forgotten(shop)) == 1
    monkeypatch.setattr(retention, "TURN", 20.0)
    assert await run(shop, at) == at + timedelta(days=1)
    assert set(await forgotten(shop)) == everyone


async def test_the_work_puts_itself_back_for_the_next_day(shop: Shop) -> None:
    await keep_for(shop, DAYS)
    item = Item(
        tenant=shop.context.tenant,
        kind=RETENTION_WORK,
        key=shop.context.tenant.hex,
        due_at=shop.parts.clock(),
        attempts=1,
        revision=1,
        holder=uuid4(),
    )
    handler = kinds(shop.parts)[RETENTION_WORK].handler
    again = await handler(item)
    assert again is not None
    assert again - shop.parts.clock() > timedelta(hours=23)
    await keep_for(shop, None)
    assert await handler(item) is None


async def test_the_work_is_owed_as_long_as_there_is_a_period(shop: Shop) -> None:
    row = (RETENTION_WORK, shop.context.tenant.hex)
    assert row not in await shop.owed()
    await keep_for(shop, DAYS)
    assert row in await shop.owed()
    assert await keep_for(shop, DAYS) == 0
    await keep_for(shop, None)
    assert row not in await shop.owed()


async def test_who_has_booked_what_is_still_to_come_is_not_idle(shop: Shop) -> None:
    await keep_for(shop, DAYS)
    parts, tenant = shop.parts, shop.context.tenant
    idle, booked = [await talk(shop, "hello", name) for name in ("anna", "bert")]
    availability = Availability(
        time_zone="UTC",
        duration_minutes=60,
        weekly=tuple(WeeklyWindow(weekday=each, opens="09:00", closes="10:00") for each in WEEKDAYS),
    )
    facts = ServiceFacts(name="x", price=Decimal(1), currency="EUR", availability=availability)
    edges = {"store": parts.store, "clock": parts.clock}
    service, _ = await add_service(facts, shop.context, ids=parts.ids, **edges)  # type: ignore[arg-type]
    day = later(shop, DAYS + 10).replace(hour=9, minute=0, second=0, microsecond=0)
    wanted = BookSlot(id=parts.ids(), conversation=booked, service=service.id, start=day)
    booking, _ = await book_slot(wanted, shop.context, **edges)  # type: ignore[arg-type]
    await read_models(shop)
    await run(shop, later(shop, DAYS + 1))
    assert set(await forgotten(shop)) == {idle}
    await cancel_booking(booking.id, shop.context, **edges)  # type: ignore[arg-type]
    await run(shop, later(shop, DAYS + 1))
    assert set(await forgotten(shop)) == {idle, booked}
    await read_models(shop)
    command = ForgetPurchases(conversation=booked)
    await forget_purchases(command, shop.context, purchases=parts.purchases, **edges)  # type: ignore[arg-type]
    with pytest.raises(Erased):
        (await parts.store.load(Booking, booking.id, tenant=tenant)).existing()
