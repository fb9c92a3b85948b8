"""Order: what a customer has bought, for the prices of that moment: placed, fulfilled or cancelled. While it is placed its pieces are out of the stock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import EPOCH, NIL, Aggregate, CreatedEvent, Quote
from domain.base.errors import Erased, Invalid, Refused
from domain.shop.notes import lent_note, note_in

OrderStatus = Literal["placed", "fulfilled", "cancelled"]
MOST_LINES = 100
MOST_PIECES = 1_000_000
"""Of one product in one order."""


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces of a product, as it was called, for the `price` of one."""

    product: UUID
    name: str
    quantity: int
    price: Decimal


class OrderState(msgspec.Struct):
    conversation: UUID = NIL
    lines: tuple[OrderLine, ...] = ()
    currency: str = ""
    total: Decimal = Decimal(0)
    placed_at: datetime = EPOCH
    status: OrderStatus = "placed"
    forgotten: bool = False


class Order(Aggregate[OrderState]):
    """What was bought is the tenant's to know, and holds no person; what the customer has said to it is theirs."""

    TOPIC = "order"
    State = OrderState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Placed(Event, CreatedEvent, frozen=True, kw_only=True):
        """By the customer of `conversation`. `note` is lent by the customer, and None once they were erased."""

        TOPIC: ClassVar[str] = "order.placed"
        PERSONAL: ClassVar[bool] = False
        QUOTES: ClassVar[bool] = True
        conversation: UUID
        lines: tuple[OrderLine, ...]
        currency: str
        total: Decimal
        note: str | None = None

        def apply(self, aggregate: Order) -> None:
            state = aggregate.state
            state.conversation, state.lines = self.conversation, self.lines
            state.currency, state.total = self.currency, self.total
            state.placed_at = self.timestamp

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            return replace(self, note=None), lent_note(self.conversation, self.note)

        def attach(self, lent: Sequence[Quote]) -> Self:
            return replace(self, note=note_in(lent))

    class Fulfilled(Event, frozen=True, kw_only=True):
        """The customer has got it."""

        TOPIC: ClassVar[str] = "order.fulfilled"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Order) -> None:
            aggregate.state.status = "fulfilled"

    class Cancelled(Event, frozen=True, kw_only=True):
        """Its pieces are in the stock again."""

        TOPIC: ClassVar[str] = "order.cancelled"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Order) -> None:
            aggregate.state.status = "cancelled"

    class Forgotten(Event, frozen=True, kw_only=True):
        """Its customer was erased: it can be read no more."""

        TOPIC: ClassVar[str] = "order.forgotten"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Order) -> None:
            aggregate.state.forgotten = True

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def place(
        cls,
        id: UUID,
        *,
        conversation: UUID,
        lines: tuple[OrderLine, ...],
        currency: str,
        note: str | None,
        at: datetime,
    ) -> Self:
        """Raises Invalid."""
        check_lines([(line.product, line.quantity) for line in lines])
        total = sum((line.price * line.quantity for line in lines), Decimal(0))
        facts = {"conversation": conversation, "lines": lines, "currency": currency, "total": total}
        return cls.create(cls.Placed, id=id, at=at, note=note or None, **facts)

    def fulfil(self, at: datetime) -> None:
        """Nothing where it was fulfilled before. Raises Erased; Refused for one that was cancelled."""
        status = self.existing().status
        if status == "cancelled":
            raise Refused("this order was cancelled; place another one")
        if status == "placed":
            self.trigger(self.Fulfilled, at=at)

    def cancel(self, at: datetime) -> bool:
        """Whether its pieces go back: False where it was cancelled before. Raises Erased; Refused for one that was fulfilled."""
        status = self.existing().status
        if status == "fulfilled":
            raise Refused(
                "this order was fulfilled; what comes back is added by POST /v1/catalog/products/{id}/stock"
            )
        if status == "placed":
            self.trigger(self.Cancelled, at=at)
        return status == "placed"

    def forget(self, at: datetime) -> bool:
        """Its customer is erased. Whether its pieces go back: what is still to be fulfilled is cancelled first."""
        if self.state.forgotten:
            return False
        goes_back = self.state.status == "placed" and self.cancel(at)
        self.trigger(self.Forgotten, at=at)
        return goes_back

    def existing(self) -> OrderState:
        """Raises Erased."""
        if self.state.forgotten:
            raise Erased("this order's customer was erased")
        return self.state


def check_lines(lines: Sequence[tuple[UUID, int]]) -> None:
    """Products, and how many pieces of each. Raises Invalid."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise Invalid(f"lines: an order has 1 to {MOST_LINES} lines")
    if len({product for product, _ in lines}) < len(lines):
        raise Invalid("lines: a product stands there twice; name it once, with all of its pieces")
    if not all(1 <= quantity <= MOST_PIECES for _, quantity in lines):
        raise Invalid(f"lines: quantity is 1 to {MOST_PIECES}")
