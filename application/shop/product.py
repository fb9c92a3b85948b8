"""Products: added, changed, their stock adjusted, deleted. Two who take from the same stock at once are decided one after the other."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.amend import amend
from application.ports import Clock, Ids, Store, Vectors
from application.shop.complements import check_complements
from application.shop.indexing import change_offer, indexing
from domain.base.context import Context
from domain.shop.product import Product, ProductFacts


class AddProduct(msgspec.Struct, frozen=True, kw_only=True):
    facts: ProductFacts
    stock: int = 0


class AdjustStock(msgspec.Struct, frozen=True, kw_only=True):
    """`by`: pieces more, or fewer where it is negative."""

    product: UUID
    by: int
    reason: str = ""


async def add_product(
    command: AddProduct, context: Context, *, store: Store, clock: Clock, ids: Ids
) -> tuple[Product, int]:
    """And its position. Raises Invalid."""
    await check_complements(command.facts, (), context.tenant, store=store)
    product = Product.add(ids(), command.facts, stock=command.stock, at=clock())
    saved = await store.save(product, context=context, work=indexing(product, clock))
    return product, saved.position


async def change_product(
    id: UUID, facts: ProductFacts, context: Context, *, store: Store, vectors: Vectors, clock: Clock
) -> tuple[Product, int]:
    """And its position, 0 where the same was said before. Raises Invalid, NotFound."""
    known = (await store.load(Product, id, tenant=context.tenant)).existing().complements
    await check_complements(facts, known, context.tenant, store=store)
    return await change_offer(
        Product,
        id,
        lambda product: product.change(facts, clock()),
        context,
        store=store,
        vectors=vectors,
        clock=clock,
    )


async def adjust_stock(
    command: AdjustStock, context: Context, *, store: Store, clock: Clock
) -> tuple[Product, int]:
    """And its position. Raises Invalid, NotFound; Refused where there are fewer pieces than are to be taken."""
    product, saved = await amend(
        Product,
        command.product,
        lambda product: product.adjust_stock(command.by, command.reason, clock()),
        context=context,
        store=store,
    )
    return product, saved.position


async def delete_product(id: UUID, context: Context, *, store: Store, vectors: Vectors, clock: Clock) -> int:
    """Its position. Raises NotFound."""
    _, position = await change_offer(
        Product,
        id,
        lambda product: product.remove(clock()),
        context,
        store=store,
        vectors=vectors,
        clock=clock,
    )
    return position
