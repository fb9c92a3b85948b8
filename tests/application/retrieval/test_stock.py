"""What changes is told as it is now: stock, price; the catalogue before documents."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from application.chat.chat import chat
from application.chat.record import Chat, ChatGiven
from application.operations.work import kinds
from application.ports import INDEX_OFFER_WORK
from application.replay.answers import ReplayAnswers, replay_answers
from application.retrieval.index_offer import index_offer, offer_in
from application.shop.product import AddProduct, AdjustStock, add_product, adjust_stock, delete_product
from domain.chat.call import Call
from domain.models.completion import Turn
from domain.shop.product import ProductFacts
from tests.application.conftest import Shop
from tests.application.retrieval.uploads import process, upload

POLE = ProductFacts(name="Trekking pole Alpha", price=Decimal("49.90"), currency="EUR")


async def sells(shop: Shop, facts: ProductFacts, stock: int) -> UUID:
    parts = shop.parts
    command = AddProduct(facts=facts, stock=stock)
    product, _ = await add_product(command, shop.context, store=parts.store, clock=parts.clock, ids=parts.ids)
    assert INDEX_OFFER_WORK in kinds(parts)
    for kind, key in await shop.owed():
        if kind == INDEX_OFFER_WORK:
            await index_offer(
                offer_in(key),
                shop.context,
                store=parts.store,
                keyring=parts.keyring,
                embedder=parts.embedder,
                vectors=parts.vectors,
                clock=parts.clock,
            )
    return product.id


async def ask(shop: Shop, text: str) -> ChatGiven:
    asked = Chat(id=shop.parts.ids(), model="agent", messages=(Turn(role="user", text=text),), fresh=True)
    return await chat(asked, shop.context, shop.parts)


async def prompted(shop: Shop, call: UUID) -> Call.Prompted:
    events = [each.event for each in await shop.events(call)]
    [found] = [each for each in events if isinstance(each, Call.Prompted)]
    return found


async def test_how_many_there_are_is_told_as_it_is_at_the_moment(shop: Shop) -> None:
    parts, question = shop.parts, "How many pieces of the trekking pole Alpha are in stock?"
    product = await sells(shop, POLE, 3)
    given = await ask(shop, question)
    assert "3 pieces in stock now. [1]" in given.text
    cited = [(each.document, each.title, each.source) for each in given.citations]
    assert cited == [(product, POLE.name, "shop")]
    await adjust_stock(
        AdjustStock(product=product, by=-2), shop.context, store=parts.store, clock=parts.clock
    )
    assert "1 pieces in stock now. [1]" in (await ask(shop, question)).text

    head = await parts.reads.head(shop.context.tenant)
    again = ReplayAnswers(source="as-recorded", completions="recorded")
    replayed = await replay_answers(again, shop.context, shop.parts, head=head)
    assert (replayed.answers, replayed.differing, replayed.left_out) == (2, 0, {})

    await delete_product(product, shop.context, store=parts.store, vectors=parts.vectors, clock=parts.clock)
    assert (await ask(shop, question)).citations == ()


async def test_where_catalogue_and_document_do_not_agree_the_catalogue_counts(shop: Shop) -> None:
    product = await sells(shop, POLE, 3)
    document = await upload(shop, b"The trekking pole Alpha costs 59.90 EUR.", "prices 2026.txt")
    await process(shop, document.document)
    given = await ask(shop, "How much is the trekking pole Alpha?")
    assert "49.90" in given.text
    assert "59.90" not in given.text
    assert [each.document for each in given.citations] == [product]
    found = await prompted(shop, given.call)
    ids = {each.document: each.passage for each in found.retrieved}
    assert set(ids) == {product, document.document}
    [conflict] = found.conflicts
    assert (conflict.preferred, conflict.why) == (ids[product], "catalogue")
    assert "which is from the catalogue." in found.prompt[0].text
    assert {each.document: each.source for each in found.retrieved}[product] == "shop"
