"""Suggestions on their way to a customer: looked for once an answer, told by buttons and at a stream's end, pressed; with the real log."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from application.agents.agent import ConfigureAgent, configure_agent
from application.conversations.conversation import Received, ReceiveMessage, receive_message
from application.conversations.streaming import Subscriber
from application.ports import Paired, Unavailable
from application.shop.product import AddProduct, add_product
from domain.agents.agent import AgentConfiguration
from domain.channels.taking import spoken, told
from domain.conversations.content import Choice, Part
from domain.conversations.conversation import Conversation
from domain.conversations.rich import QuickReplies
from domain.shop.catalogue import Catalogue, Offered
from domain.shop.occupancy import Held
from domain.shop.product import ProductFacts
from tests.application.conftest import Shop

NAMES = ("Blue mug", "Saucer", "Teaspoon")
PRICE = "How much is the blue mug?"


@dataclass
class Sold:
    """A catalogue, and what goes with its first product. Implements `Offers` and `Pairs`."""

    offers: list[Offered]
    away: bool = False
    asked: list[Sequence[UUID]] = field(default_factory=list)

    async def get(self, tenant: UUID, at_least: int | None = None) -> Catalogue:
        return Catalogue(self.offers)

    async def of(
        self, tenant: UUID, conversation: UUID, offers: Sequence[UUID], now: datetime
    ) -> tuple[Sequence[Paired], Mapping[UUID, Sequence[Held]]]:
        self.asked.append(offers)
        if self.away:
            raise Unavailable("the database is away")
        mug, *others = [each.id for each in self.offers]
        facts = {"customers": 0, "stock": 3, "bought": False}
        return [Paired(offer=mug, other=each, rank=n, **facts) for n, each in enumerate(others)], {}  # type: ignore[arg-type]  # of many types


async def sells(shop: Shop, **configuration: object) -> Sold:
    parts, offers = shop.parts, list[Offered]()
    for name in NAMES:
        facts = ProductFacts(name=name, price=Decimal("12.90"), currency="EUR")
        command = AddProduct(facts=facts, stock=3)
        product, position = await add_product(
            command, shop.context, store=parts.store, clock=parts.clock, ids=parts.ids
        )
        offers.append(
            Offered(
                kind="product",
                id=product.id,
                position=position,
                created_at=parts.clock(),
                facts=facts,
            )
        )
    sold = Sold(offers)
    shop.parts = dataclasses.replace(parts, offers=sold, pairs=sold)
    shop.provider.text = "The blue mug is 12.90 EUR [1]."
    if configuration:
        command_ = ConfigureAgent(configuration=AgentConfiguration(**configuration))  # type: ignore[arg-type]  # of many types
        await configure_agent(
            command_, shop.context, store=parts.store, catalogue=parts.catalogue, clock=parts.clock
        )
    return sold


async def by_whatsapp(shop: Shop, text: str, *content: Part) -> Received:
    command = ReceiveMessage(
        channel="whatsapp", address="whatsapp:+1", text=text, sender="whatsapp:+2", parts=content
    )
    return await receive_message(command, shop.context, shop.parts)


async def answered(shop: Shop, text: str, *content: Part) -> Conversation.Answered:
    received = await by_whatsapp(shop, text, *content)
    given = await shop.answer(received.conversation)
    assert given is not None
    return given.event


async def test_suggestions_are_buttons_that_can_be_pressed(shop: Shop) -> None:
    sold = await sells(shop, suggestions=True)
    event = await answered(shop, PRICE)
    assert len(sold.asked) == 1
    assert sold.offers[0].id in sold.asked[0]
    assert isinstance(event.rich, QuickReplies)
    assert [each.title for each in event.rich.options] == ["Saucer", "Teaspoon"]
    line = "Goes well with Blue mug: Saucer (12.90 EUR), Teaspoon (12.90 EUR)."
    assert event.rich.body == f"The blue mug is 12.90 EUR.\n\n{line}"
    assert event.text == "The blue mug is 12.90 EUR [1]."
    said = spoken(event)
    assert said is not None
    assert told(said, None) == "", "the buttons' body has all of it"

    option = event.rich.options[0]
    pressed = await answered(shop, "", Choice(kind="button", id=option.key, title=option.title))
    assert shop.provider.asked[-1].prompt[-2].text.endswith(line), "the agent knows what it has suggested"
    assert [(each.interaction, each.kind) for each in pressed.reactions] == [(event.interaction, "pressed")]
    conversation = await shop.parts.store.load(Conversation, event.originator_id, tenant=shop.context.tenant)
    assert [each.reaction for each in conversation.state.suggested] == ["accepted", None]


@pytest.mark.parametrize("on", [True, False])
async def test_where_forms_are_switched_off_the_text_alone_goes_out(shop: Shop, on: bool) -> None:
    await sells(shop, suggestions=True, rich_messages=on)
    assert ((await answered(shop, PRICE)).rich is not None) is on
    shop.provider.text = "Which one do you mean?\n- The small one\n- The large one"
    event = await answered(shop, "I want a saucer")
    assert (event.rich is not None) is on
    said = spoken(event)
    assert said is not None
    assert ("The large one" in told(said, None)) is not on, "the text says what no form does"


async def test_where_a_rating_is_asked_for_the_text_alone_tells_of_them(shop: Shop) -> None:
    await sells(shop, suggestions=True, feedback="always", most_suggestions=1)
    event = await answered(shop, PRICE)
    assert event.rich is None
    said = spoken(event)
    assert said is not None
    assert told(said, None).endswith("Goes well with Blue mug: Saucer (12.90 EUR).")
    events = [each.event for each in await shop.events(event.originator_id)]
    assert any(isinstance(each, Conversation.RatingAsked) for each in events)


async def test_a_stream_tells_them_last(shop: Shop) -> None:
    await sells(shop, suggestions=True)
    received, pieces = await shop.receive(PRICE), list[str]()

    async def emit(piece: str) -> None:
        pieces.append(piece)

    async def restarted() -> None:
        pieces.clear()

    subscriber = Subscriber(received.interaction, emit, restarted)
    given = await shop.answer(received.conversation, subscriber)
    assert given is not None
    assert given.disclosure is not None
    assert "".join(pieces) == f"{given.disclosure}\n\n{given.event.told}"
    assert pieces[-1].startswith("\n\nGoes well with")


async def test_nothing_is_looked_for_where_nobody_wants_it(shop: Shop) -> None:
    sold = await sells(shop)
    assert (await answered(shop, PRICE)).suggestions is None
    assert sold.asked == []


async def test_an_answer_stands_alone_where_nothing_can_be_looked_up(shop: Shop) -> None:
    sold = await sells(shop, suggestions=True)
    sold.away = True
    event = await answered(shop, PRICE)
    assert (event.suggestions, event.decision.kind) == (None, "answer")
    assert len(sold.asked) == 1
