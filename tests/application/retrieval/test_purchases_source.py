"""What a customer has ordered and booked stands in the answers to their own questions about it, as it is at that moment, and in nobody else's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from application.agents.agent import ConfigureAgent, configure_agent
from application.shop.booking import BookSlot, book_slot
from application.shop.order import PlaceOrder, Wanted, forget_order, fulfil_order, place_order
from application.shop.product import AddProduct, add_product
from application.shop.service import add_service, open_slots
from domain.agents.agent import AgentConfiguration
from domain.conversations.conversation import Conversation
from domain.shop.availability import WEEKDAYS, Availability, WeeklyWindow
from domain.shop.product import ProductFacts
from domain.shop.service import ServiceFacts
from tests.application.conftest import Shop
from tests.application.privacy.traces import read_models
from tests.application.retrieval.indexed_offers import index_offers

SHOE = ProductFacts(name="Trail shoe", price=Decimal("89.90"), currency="EUR")
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
ASKED = "Where is my order? When will it arrive?"


async def orders(shop: Shop, conversation: UUID, pieces: int = 2) -> UUID:
    parts = shop.parts
    command = AddProduct(facts=SHOE, stock=10)
    product, _ = await add_product(command, shop.context, store=parts.store, clock=parts.clock, ids=parts.ids)
    order, _ = await place_order(
        PlaceOrder(
            id=uuid4(), conversation=conversation, lines=(Wanted(product=product.id, quantity=pieces),)
        ),
        shop.context,
        store=parts.store,
        clock=parts.clock,
    )
    return order.id


async def books(shop: Shop, conversation: UUID) -> None:
    parts = shop.parts
    service, _ = await add_service(CUT, shop.context, store=parts.store, clock=parts.clock, ids=parts.ids)
    _, found = await open_slots(
        service.id, None, None, 1, shop.context.tenant, store=parts.store, clock=parts.clock
    )
    wanted = BookSlot(
        id=uuid4(), conversation=conversation, service=service.id, start=found[-1].slot.start, places=1
    )
    await book_slot(wanted, shop.context, store=parts.store, clock=parts.clock)


async def told(shop: Shop, text: str, address: str = "anna") -> str:
    """What the model was told beside the messages."""
    got = await shop.receive(text, address=address)
    assert await shop.answer(got.conversation) is not None
    return shop.provider.asked[-1].prompt[0].text


async def test_a_customer_is_told_of_their_own_order_as_it_is_now_and_nobody_else_is(shop: Shop) -> None:
    parts = shop.parts
    anna = (await shop.receive(ASKED)).conversation
    order = await orders(shop, anna)
    await read_models(shop)
    prompt = await told(shop, ASKED)
    assert "not fulfilled yet." in prompt
    assert "2 × Trail shoe for 89.90 EUR each\nTotal: 179.80 EUR" in prompt
    assert "from the customer's own orders and bookings" in prompt
    await fulfil_order(order, shop.context, store=parts.store, clock=parts.clock)
    prompt = await told(shop, ASKED)  # no read model has seen it
    assert ": fulfilled." in prompt
    assert "not fulfilled yet" not in prompt
    assert str(order) not in await told(shop, f"Where is my order {order}?", address="bert")


async def test_what_was_asked_for_decides_what_is_told(shop: Shop) -> None:
    anna = (await shop.receive("hello")).conversation
    await orders(shop, anna)
    await books(shop, anna)
    await read_models(shop)
    both = await told(shop, "Please cancel it.")
    assert "Trail shoe" in both
    assert "Haircut on " in both
    assert "(Europe/Berlin), 1 place: booked." in both
    about_order = await told(shop, "Where is my order?")
    assert "Trail shoe" in about_order
    assert "Haircut on " not in about_order
    assert "Trail shoe" not in await told(shop, "At what hours are you open on Sundays?")


async def test_the_newest_comes_first_unless_a_number_is_written(shop: Shop) -> None:
    await configured(shop, database_results=2)
    anna = (await shop.receive("hello")).conversation
    numbers = [await orders(shop, anna, pieces) for pieces in (1, 2, 3)]
    await read_models(shop)
    prompt = await told(shop, ASKED)
    assert str(numbers[0]) not in prompt
    assert prompt.index(str(numbers[2])) < prompt.index(str(numbers[1]))
    prompt = await told(shop, f"Where is my order {numbers[1]}?")
    assert prompt.index(str(numbers[1])) < prompt.index(str(numbers[2]))


async def test_it_is_on_record_and_goes_with_the_customer(shop: Shop) -> None:
    anna = (await shop.receive("hello")).conversation
    order = await orders(shop, anna)
    await read_models(shop)
    await told(shop, ASKED)
    events = [each.event for each in await shop.events(anna)]
    [prompted] = [each for each in events if isinstance(each, Conversation.Prompted)]
    [passage] = [each for each in prompted.retrieved if each.source == "purchase"]
    assert passage.document == order
    assert passage.title.startswith("Order of ")
    [metered] = [each for each in events if isinstance(each, Conversation.Metered)]
    assert metered.retrieval is not None
    assert ("purchases", "found") in {(each.source, each.outcome) for each in metered.retrieval.lookups}
    parts = shop.parts
    await forget_order(order, shop.context, store=parts.store, clock=parts.clock)
    assert "Trail shoe" not in await told(shop, ASKED)


async def test_nothing_of_the_shop_is_told_where_it_is_switched_off(shop: Shop) -> None:
    await configured(shop, retrieve_database=False)
    anna = (await shop.receive("hello")).conversation
    await orders(shop, anna)
    await index_offers(shop)
    await read_models(shop)
    assert "Trail shoe" not in await told(shop, "Where is my order of the Trail shoe? How much was it?")
    await configured(shop)
    assert "Trail shoe" in await told(shop, "Where is my order of the Trail shoe? How much was it?")


async def configured(shop: Shop, **fields: Any) -> None:
    parts = shop.parts
    await configure_agent(
        ConfigureAgent(configuration=AgentConfiguration(**fields)),
        shop.context,
        store=parts.store,
        catalogue=parts.providers.catalogue,
        clock=parts.clock,
    )
