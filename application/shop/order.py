"""Orders: placed, fulfilled, cancelled. An order and the stock that it takes are one transaction: it has all of its pieces, or there is no order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.together import change_together
from application.ports import Clock, Store
from domain.base.aggregate import Aggregate
from domain.base.context import Context
from domain.base.errors import NotFound, Refused
from domain.shop.order import Order, OrderLine, check_lines
from domain.shop.product import Product


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    product: UUID
    quantity: int


class PlaceOrder(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: of the order that comes of it; the same one again is the same order. `conversation`: of whom it is."""

    id: UUID
    conversation: UUID
    lines: tuple[Wanted, ...]
    note: str | None = None


class _Loaded(msgspec.Struct):
    """`order`: where it was placed before."""

    order: Order | None
    products: dict[UUID, Product]


async def place_order(
    command: PlaceOrder, context: Context, *, store: Store, clock: Clock
) -> tuple[Order, int]:
    """And its position, 0 where it was placed before. Raises Invalid, NotFound; Refused where there are fewer pieces of a product than that."""
    check_lines([(line.product, line.quantity) for line in command.lines])
    ids = [line.product for line in command.lines]

    async def load() -> _Loaded:
        try:
            order = await store.load(Order, command.id, tenant=context.tenant)
        except NotFound:
            order = None
        return _Loaded(order, await _products(ids, context.tenant, store))

    def decide(loaded: _Loaded) -> Sequence[Aggregate[Any]]:
        if loaded.order is not None:
            return ()
        at = clock()
        lines = [_reserved(each, loaded.products[each.product], command.id, at) for each in command.lines]
        order = loaded.order = Order.place(
            command.id,
            conversation=command.conversation,
            lines=tuple(lines),
            currency=_currency(loaded.products),
            note=command.note,
            at=at,
        )
        return order, *loaded.products.values()

    loaded, saved = await change_together(load, decide, context, store=store, turns=ids)
    assert loaded.order is not None
    return loaded.order, saved.position


async def check_order(lines: Sequence[Wanted], tenant: UUID, *, store: Store, clock: Clock) -> None:
    """Whether it could be placed at this moment. Raises Invalid, NotFound, Refused."""
    check_lines([(line.product, line.quantity) for line in lines])
    products = await _products([line.product for line in lines], tenant, store)
    for line in lines:
        _reserved(line, products[line.product], line.product, clock())  # of copies, which nobody saves
    _currency(products)


async def fulfil_order(id: UUID, context: Context, *, store: Store, clock: Clock) -> tuple[Order, int]:
    """And its position, 0 where it was fulfilled before. Raises NotFound, Refused."""
    order, saved = await amend(Order, id, lambda order: order.fulfil(clock()), context=context, store=store)
    return order, saved.position


async def cancel_order(id: UUID, context: Context, *, store: Store, clock: Clock) -> tuple[Order, int]:
    """Its pieces are in the stock again; and its position, 0 where it was cancelled before. Raises NotFound, Refused."""
    return await _ended(id, lambda order, at: order.cancel(at), context, store, clock)


async def forget_order(id: UUID, context: Context, *, store: Store, clock: Clock) -> None:
    """Its customer is erased; what is still to be fulfilled is cancelled."""
    await _ended(id, lambda order, at: order.forget(at), context, store, clock)


async def _ended(
    id: UUID, end: Callable[[Order, datetime], bool], context: Context, store: Store, clock: Clock
) -> tuple[Order, int]:
    """`end`: of an order at a time, whether its pieces go back."""
    order = await store.load(Order, id, tenant=context.tenant)
    ids = [line.product for line in order.state.lines]

    async def load() -> tuple[Order, dict[UUID, Product]]:
        order = await store.load(Order, id, tenant=context.tenant)
        return order, await _products(ids, context.tenant, store)

    def decide(loaded: tuple[Order, dict[UUID, Product]]) -> Sequence[Aggregate[Any]]:
        order, products = loaded
        at = clock()
        if end(order, at):
            for line in order.state.lines:
                products[line.product].give_back(id, line.quantity, at)
        return order, *products.values()

    (order, _), saved = await change_together(load, decide, context, store=store, turns=ids)
    return order, saved.position


def _reserved(wanted: Wanted, product: Product, order: UUID, at: datetime) -> OrderLine:
    """Raises NotFound, Refused."""
    product.reserve(order, wanted.quantity, at)
    facts = product.existing()
    return OrderLine(product=product.id, name=facts.name, quantity=wanted.quantity, price=facts.price)


def _currency(products: Mapping[UUID, Product]) -> str:
    """Raises Refused where there are several."""
    currencies = {each.existing().currency for each in products.values()}
    if len(currencies) > 1:
        raise Refused(f"these products are sold in {', '.join(sorted(currencies))}; place an order for each")
    return currencies.pop()


async def _products(ids: Sequence[UUID], tenant: UUID, store: Store) -> dict[UUID, Product]:
    found = await asyncio.gather(*(store.load(Product, id, tenant=tenant) for id in ids))
    return dict(zip(ids, found, strict=True))
