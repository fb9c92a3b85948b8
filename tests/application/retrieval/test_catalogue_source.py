"""What changes is told as it is now, also where the index does not have it yet; open slots stand in the answer's prompt."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from msgspec.structs import replace

from application.conversations.conversation import Received
from application.shop.booking import BookSlot, book_slot
from application.shop.product import AddProduct, add_product, change_product
from application.shop.service import add_service, open_slots
from domain.conversations.conversation import Conversation
from domain.shop.availability import WEEKDAYS, Availability, WeeklyWindow
from domain.shop.catalogue import Catalogue, Offered, OfferKind
from domain.shop.offer import Offer
from domain.shop.product import ProductFacts
from domain.shop.service import ServiceFacts
from tests.application.conftest import Shop
from tests.application.retrieval.indexed_offers import index_offers

POLE = ProductFacts(name="Trekking pole Alpha", price=Decimal("49.90"), currency="EUR")
CUT = ServiceFacts(
    name="Haircut",
    price=Decimal(45),
    currency="EUR",
    availability=Availability(
        time_zone="Europe/Berlin",
        duration_minutes=60,
        weekly=tuple(WeeklyWindow(weekday=each, opens="09:00", closes="12:00") for each in WEEKDAYS),
    ),
)
NOW = datetime(2026, 11, 29, 20, tzinfo=UTC)


class Held:
    """What was offered when the read models last looked."""

    def __init__(self, kind: OfferKind, id: UUID, facts: Offer) -> None:
        self.offered = Offered(kind=kind, id=id, position=1, created_at=NOW, facts=facts)

    async def get(self, tenant: UUID, at_least: int | None = None) -> Catalogue:
        return Catalogue([self.offered])


async def ask(shop: Shop, text: str) -> tuple[Received, str, dict[str, str]]:
    """What the model was told, and how each source did."""
    got = await shop.receive(text)
    assert await shop.answer(got.conversation) is not None
    events = [each.event for each in await shop.events(got.conversation)]
    metered = [each for each in events if isinstance(each, Conversation.Metered)][-1]
    assert metered.retrieval is not None
    outcomes = {each.source: each.outcome for each in metered.retrieval.lookups}
    return got, shop.provider.asked[-1].prompt[0].text, outcomes


async def sells(shop: Shop) -> UUID:
    parts = shop.parts
    command = AddProduct(facts=POLE, stock=3)
    product, _ = await add_product(command, shop.context, store=parts.store, clock=parts.clock, ids=parts.ids)
    shop.parts = dataclasses.replace(parts, offers=Held("product", product.id, POLE))
    return product.id


async def test_a_price_is_told_as_it_is_now_before_the_index_has_it(shop: Shop) -> None:
    product, parts = await sells(shop), shop.parts
    _, prompt, outcomes = await ask(shop, "How much is the treking pole Alfa?")  # nothing is indexed yet
    assert "Price: 49.90 EUR" in prompt
    assert "3 pieces in stock now." in prompt
    assert outcomes == {"catalogue": "found", "index": "nothing", "now": "found"}
    await index_offers(shop)
    await change_product(
        product,
        replace(POLE, price=Decimal("39.90")),
        shop.context,
        store=parts.store,
        vectors=parts.vectors,
        clock=parts.clock,
    )
    _, prompt, _ = await ask(shop, "And what is the price of the Trekking pole Alpha now?")
    assert "Price: 39.90 EUR" in prompt
    assert "Price: 49.90" not in prompt


async def test_what_both_sources_bring_stands_in_the_prompt_once(shop: Shop) -> None:
    await sells(shop)
    await index_offers(shop)
    _, prompt, outcomes = await ask(shop, "How much is the Trekking pole Alpha?")
    assert prompt.count("Price: 49.90 EUR") == 1
    assert outcomes == {"catalogue": "found", "index": "found", "now": "found"}
    _, _, outcomes = await ask(shop, "At what hours are you open on Sundays?")
    assert "catalogue" not in outcomes


async def test_open_slots_are_told_as_they_are_now(shop: Shop) -> None:
    parts = shop.parts = dataclasses.replace(shop.parts)
    service, _ = await add_service(CUT, shop.context, store=parts.store, clock=parts.clock, ids=parts.ids)
    shop.parts = dataclasses.replace(parts, offers=Held("service", service.id, CUT))
    _, found = await open_slots(
        service.id, None, None, 1, shop.context.tenant, store=parts.store, clock=parts.clock
    )
    first = found[0].slot
    day, tenth = f"{WEEKDAYS[first.day.weekday()].capitalize()}, {first.day}", found[10].slot.day
    _, prompt, _ = await ask(shop, "I'd like an appointment for a haircut.")
    [line] = [each for each in prompt.splitlines() if day in each]
    before = line.count(":00")
    assert "(Europe/Berlin)" in line
    got, prompt, _ = await ask(shop, f"Can I book the haircut on {tenth}?")
    assert f"open slots on {WEEKDAYS[tenth.weekday()].capitalize()}, {tenth} now" in prompt
    assert day not in prompt or first.day == tenth
    booking = BookSlot(id=parts.ids(), conversation=got.conversation, service=service.id, start=first.start)
    await book_slot(booking, shop.context, store=parts.store, clock=parts.clock)
    _, prompt, _ = await ask(shop, "I would like an appointment for a haircut.")
    left = [each for each in prompt.splitlines() if day in each]
    assert sum(each.count(":00") for each in left) == before - 1
    far = (datetime.now(UTC) + timedelta(days=2000)).date()
    _, prompt, _ = await ask(shop, f"Can I book the haircut on {far}?")
    assert f"Haircut: no open slot on {WEEKDAYS[far.weekday()].capitalize()}, {far} now." in prompt
