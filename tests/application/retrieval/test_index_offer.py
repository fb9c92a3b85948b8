"""Offers of the catalogue are found like documents, as they are now."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from application.operations.work import kinds
from application.ports import INDEX_OFFER_WORK
from application.retrieval.index_offer import index_offer, offer_in
from application.retrieval.search import Search, search
from application.shop.product import (
    AddProduct,
    AdjustStock,
    add_product,
    adjust_stock,
    change_product,
    delete_product,
)
from application.shop.service import add_service
from domain.models.completion import Passage
from domain.shop.availability import Availability, WeeklyWindow
from domain.shop.product import ProductFacts
from domain.shop.service import ServiceFacts
from infra.retrieval.vectors import PgVectors
from tests.application.conftest import Shop

MUG = ProductFacts(
    name="Blue mug", description="Holds 300 ml of coffee.", price=Decimal("12.90"), currency="EUR"
)


async def a_product(shop: Shop, facts: ProductFacts = MUG) -> UUID:
    parts = shop.parts
    command = AddProduct(facts=facts, stock=5)
    product, _ = await add_product(command, shop.context, store=parts.store, clock=parts.clock, ids=parts.ids)
    return product.id


async def work(shop: Shop, vectors: Any = None) -> None:
    """All that is due of offers."""
    parts = shop.parts
    for kind, key in await shop.owed():
        if kind == INDEX_OFFER_WORK:
            await index_offer(
                offer_in(key),
                shop.context,
                store=parts.store,
                keyring=parts.keyring,
                embedder=parts.embedder,
                vectors=vectors or parts.vectors,
                clock=parts.clock,
            )


async def found(shop: Shop, query: str = "a mug for coffee") -> list[Passage]:
    parts = shop.parts
    answer = await search(Search(query=query), shop.context, embedder=parts.embedder, vectors=parts.vectors)
    return answer.passages


async def test_a_product_is_found_by_its_meaning_with_its_price(shop: Shop) -> None:
    product = await a_product(shop)
    assert await found(shop) == []
    assert INDEX_OFFER_WORK in kinds(shop.parts)
    await work(shop)
    (passage,) = await found(shop)
    assert (passage.document, passage.title, passage.source) == (product, "Blue mug", "shop")
    assert "12.90 EUR" in passage.text


async def test_from_the_moment_of_a_change_nothing_is_found_of_what_it_was(shop: Shop) -> None:
    parts = shop.parts
    product = await a_product(shop)
    await work(shop)
    dearer = ProductFacts(name="Blue mug", price=Decimal("15"), currency="EUR")
    edges: dict[str, Any] = {"store": parts.store, "vectors": parts.vectors, "clock": parts.clock}
    await change_product(product, dearer, shop.context, **edges)
    assert await found(shop) == []
    await work(shop)
    (passage,) = await found(shop)
    assert "15 EUR" in passage.text
    await change_product(
        product,
        ProductFacts(name="Blue mug", price=Decimal(15), currency="EUR", active=False),
        shop.context,
        **edges,
    )
    await work(shop)
    assert await found(shop) == []
    await change_product(product, dearer, shop.context, **edges)
    await work(shop)
    assert len(await found(shop)) == 1
    await delete_product(product, shop.context, **edges)
    assert await found(shop) == []
    await work(shop)
    assert await found(shop) == []


async def test_a_product_whose_stock_changes_meanwhile_is_found_all_the_same(shop: Shop) -> None:
    product = await a_product(shop)
    parts, left = shop.parts, [3]

    class Sold(PgVectors):
        """Somebody buys one, each time that it is about to be put in place."""

        async def replace(self, *args: Any, **more: Any) -> None:
            if left[0]:
                left[0] -= 1
                command = AdjustStock(product=product, by=-1)
                await adjust_stock(command, shop.context, store=parts.store, clock=parts.clock)
            await super().replace(*args, **more)

    await work(shop, Sold(parts.database, parts.keyring))
    assert not left[0]
    assert [passage.document for passage in await found(shop)] == [product]


async def test_a_service_is_found_with_its_hours(shop: Shop) -> None:
    parts = shop.parts
    availability = Availability(
        time_zone="UTC",
        duration_minutes=45,
        weekly=(WeeklyWindow(weekday="monday", opens="09:00", closes="12:30"),),
    )
    facts = ServiceFacts(name="Haircut", price=Decimal(45), currency="EUR", availability=availability)
    await add_service(facts, shop.context, store=parts.store, clock=parts.clock, ids=parts.ids)
    await work(shop)
    (passage,) = await found(shop, "When can I have a haircut?")
    assert "45 minutes" in passage.text
    assert "Monday: 09:00–12:30" in passage.text
