"""Orders, as they come and as they are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.base.aggregate import Event
from domain.shop.order import MOST_LINES, MOST_PIECES, Order, OrderLine, OrderStatus
from interfaces.http.conversations.message import Customer
from interfaces.http.conversations.purchases import Note
from projections.orders import OrderRow


class OrderLineIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    product: UUID
    quantity: Annotated[int, Meta(ge=1, le=MOST_PIECES)] = 1


class OrderIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`note`: what the customer says to it."""

    customer: Customer
    lines: Annotated[tuple[OrderLineIn, ...], Meta(min_length=1, max_length=MOST_LINES)]
    note: Note | None = None


class OrderLineOut(msgspec.Struct, frozen=True, kw_only=True):
    """`price`: of one piece, as it was then; so is the name."""

    product: UUID
    name: str
    quantity: int
    price: str


class OrderOut(msgspec.Struct, frozen=True, kw_only=True):
    """`conversation`: of the customer. `note` is null where there is none, and in answers to changes."""

    id: UUID
    conversation: UUID
    lines: list[OrderLineOut]
    currency: str
    total: str
    status: OrderStatus
    note: str | None
    placed_at: datetime


def shown(order: Order, note: str | None) -> OrderOut:
    state = order.existing()
    return OrderOut(
        id=order.id,
        conversation=state.conversation,
        lines=_lines(state.lines),
        currency=state.currency,
        total=f"{state.total:f}",
        status=state.status,
        note=note,
        placed_at=state.placed_at,
    )


def _lines(lines: tuple[OrderLine, ...]) -> list[OrderLineOut]:
    return [
        OrderLineOut(product=each.product, name=each.name, quantity=each.quantity, price=f"{each.price:f}")
        for each in lines
    ]


def placed_in(event: Event | None) -> Order.Placed:
    assert isinstance(event, Order.Placed)
    return event


def listed(row: OrderRow, placed: Order.Placed) -> OrderOut:
    """A row of the read model, and what was ordered."""
    return OrderOut(
        id=row.id,
        conversation=row.conversation,
        lines=_lines(placed.lines),
        currency=placed.currency,
        total=f"{placed.total:f}",
        status=row.status,
        note=placed.note,
        placed_at=placed.timestamp,
    )
