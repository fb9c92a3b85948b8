"""A card of the offer that an answer is about, on its way to a customer by WhatsApp; with the real log and index."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from application.agents.agent import ConfigureAgent, configure_agent
from application.conversations.conversation import ReceiveMessage, receive_message
from application.retrieval.index_offer import IndexOffer, index_offer
from application.retrieval.sources.asking import InTime, Late
from application.shop.product import AddProduct, add_product
from domain.agents.agent import AgentConfiguration
from domain.channels.taking import spoken, told
from domain.conversations.conversation import Conversation
from domain.conversations.rich import Card
from domain.shop.catalogue import Catalogue, Offered
from domain.shop.product import ProductFacts
from tests.application.conftest import Shop

PICTURE = "https://shop.example.com/mug.jpg"


async def sells(shop: Shop, **configuration: object) -> None:
    parts = shop.parts
    facts = ProductFacts(name="Blue mug", price=Decimal("12.90"), currency="EUR", images=(PICTURE,))
    product, position = await add_product(
        AddProduct(facts=facts, stock=3), shop.context, store=parts.store, clock=parts.clock, ids=parts.ids
    )
    await index_offer(
        IndexOffer(kind="product", id=product.id),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        embedder=parts.embedder,
        vectors=parts.vectors,
        clock=parts.clock,
    )
    offered = Offered(kind="product", id=product.id, position=position, created_at=parts.clock(), facts=facts)

    class Sold:
        async def get(self, tenant: object, at_least: int | None = None) -> Catalogue:
            return Catalogue([offered])

    object.__setattr__(shop.parts, "offers", Sold())
    shop.provider.text = "The blue mug is 12.90 EUR [1]."
    command = ConfigureAgent(configuration=AgentConfiguration(**configuration))  # type: ignore[arg-type]  # of many types
    await configure_agent(
        command, shop.context, store=parts.store, catalogue=parts.catalogue, clock=parts.clock
    )


async def answered(shop: Shop, text: str, channel: str = "whatsapp") -> Conversation.Answered:
    command = ReceiveMessage(channel=channel, address=f"{channel}:+1", text=text, sender=f"{channel}:+2")
    received = await receive_message(command, shop.context, shop.parts)
    given = await shop.answer(received.conversation)
    assert given is not None
    return given.event


async def test_an_answer_about_one_product_is_a_card_the_first_time(shop: Shop) -> None:
    await sells(shop)
    event = await answered(shop, "How much is the blue mug?")
    assert isinstance(event.rich, Card)
    assert (event.rich.media, event.rich.body) == (PICTURE, "The blue mug is 12.90 EUR.")
    said = spoken(event)
    assert said is not None
    assert told(said, None) == "", "the card has all of it"
    assert (await answered(shop, "And is it in stock?")).rich is None, "they have seen it"


async def test_a_misspelt_offer_is_looked_for_and_asked_about_by_its_name(shop: Shop) -> None:
    await sells(shop)
    for asked, questions in (
        ("How much is the blu mgu?", "Blue mug: How much is the blu mgu?"),
        ("How much is the Blue Mug?", "How much is the Blue Mug?"),
        ("When are you open?", "When are you open?"),
    ):
        await answered(shop, asked)
        assert shop.provider.asked[-1].questions == (questions,)


async def test_no_answer_waits_for_a_catalogue_that_is_not_read_in_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sells(shop)
    monkeypatch.setattr(type(shop.parts), "in_time", InTime(seconds=0.01, late=Late()))

    class Slow:
        async def get(self, tenant: object, at_least: int | None = None) -> Catalogue:
            await asyncio.sleep(60)
            raise AssertionError("nobody waits for this")

    object.__setattr__(shop.parts, "offers", Slow())
    async with asyncio.timeout(10):
        assert (await answered(shop, "How much is the blue mug?")).rich is None


@pytest.mark.parametrize(
    ("configuration", "channel", "text"),
    [
        ({"rich_messages": False}, "whatsapp", "How much is the blue mug?"),
        ({"feedback": "always"}, "whatsapp", "How much is the blue mug?"),
        ({"attribution_style": "endnotes"}, "whatsapp", "How much is the blue mug?"),
        ({}, "sms", "How much is the blue mug?"),
        ({}, "whatsapp", "My blue mug arrived broken, I have a complaint."),
    ],
)
async def test_where_no_card_is_wanted_the_text_goes_out(
    shop: Shop, configuration: dict[str, object], channel: str, text: str
) -> None:
    await sells(shop, **configuration)
    assert (await answered(shop, text, channel)).rich is None
