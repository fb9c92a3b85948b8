"""Product: one thing that a tenant sells, what it costs, and how many of it there are. The stock never goes below zero."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.base.errors import Invalid, NotFound, Refused
from domain.shop.offer import Offer, checked

MOST_STOCK = 1_000_000_000
"""Pieces of one product."""


class ProductFacts(Offer, frozen=True, kw_only=True):
    """What it is, and what one piece costs."""


class ProductState(msgspec.Struct):
    facts: ProductFacts | None = None
    stock: int = 0
    deleted: bool = False


class Product(Aggregate[ProductState]):
    """What is sold is the tenant's and sealed under its key; no person is in it."""

    TOPIC = "product"
    State = ProductState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "product.created"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        facts: ProductFacts
        stock: int

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version nothing was said to go with it."""

        def apply(self, aggregate: Product) -> None:
            aggregate.state.facts, aggregate.state.stock = self.facts, self.stock

    class Changed(Event, frozen=True, kw_only=True):
        """These facts take the place of those before; the stock stays."""

        TOPIC: ClassVar[str] = "product.changed"
        class_version: ClassVar[int] = 2
        PERSONAL: ClassVar[bool] = False
        facts: ProductFacts

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version nothing was said to go with it."""

        def apply(self, aggregate: Product) -> None:
            aggregate.state.facts = self.facts

    class StockAdjusted(Event, frozen=True, kw_only=True):
        """There are `by` more pieces, or fewer where it is negative."""

        TOPIC: ClassVar[str] = "product.stock_adjusted"
        PERSONAL: ClassVar[bool] = False
        by: int
        reason: str

        def apply(self, aggregate: Product) -> None:
            aggregate.state.stock += self.by

    class Reserved(Event, frozen=True, kw_only=True):
        """An order has taken so many pieces."""

        TOPIC: ClassVar[str] = "product.reserved"
        PERSONAL: ClassVar[bool] = False
        order: UUID
        quantity: int

        def apply(self, aggregate: Product) -> None:
            aggregate.state.stock -= self.quantity

    class Returned(Event, frozen=True, kw_only=True):
        """An order was cancelled, and has given back what it had taken."""

        TOPIC: ClassVar[str] = "product.returned"
        PERSONAL: ClassVar[bool] = False
        order: UUID
        quantity: int

        def apply(self, aggregate: Product) -> None:
            aggregate.state.stock += self.quantity

    class Deleted(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "product.deleted"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Product) -> None:
            aggregate.state.deleted = True

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def add(cls, id: UUID, facts: ProductFacts, *, stock: int, at: datetime) -> Self:
        """Raises Invalid."""
        if not 0 <= stock <= MOST_STOCK:
            raise Invalid(f"stock is 0 to {MOST_STOCK}")
        return cls.create(cls.Created, id=id, at=at, facts=checked(facts, id), stock=stock)

    def change(self, facts: ProductFacts, at: datetime) -> None:
        """Nothing where the same was said before. Raises Invalid, NotFound."""
        if checked(facts, self.id) != self.existing():
            self.trigger(self.Changed, at=at, facts=facts)

    def adjust_stock(self, by: int, reason: str, at: datetime) -> None:
        """Raises Invalid, NotFound; Refused where there are fewer pieces than that."""
        self.existing()
        stock = self.state.stock
        if by == 0:
            raise Invalid(
                "`by` is how many pieces more there are, or fewer where it is negative; 0 changes nothing"
            )
        if stock + by < 0:
            raise Refused(f"there are {stock} pieces; {-by} can't be taken away", stock=stock)
        if stock + by > MOST_STOCK:
            raise Refused(f"there are {stock} pieces; {by} more are above {MOST_STOCK}", stock=stock)
        self.trigger(self.StockAdjusted, at=at, by=by, reason=reason)

    def reserve(self, order: UUID, quantity: int, at: datetime) -> None:
        """Raises NotFound; Refused where it is not offered, or where there are fewer pieces than that, with the `stock` that there is."""
        facts, stock = self.existing(), self.state.stock
        if not facts.active:
            raise Refused(
                f"the product {self.id} is not offered at the moment; leave it out", product=str(self.id)
            )
        if quantity > stock:
            raise Refused(
                f"there are {stock} pieces of the product {self.id}; order at most so many",
                product=str(self.id),
                stock=stock,
            )
        self.trigger(self.Reserved, at=at, order=order, quantity=quantity)

    def give_back(self, order: UUID, quantity: int, at: datetime) -> None:
        """What an order had taken; nothing once the product was deleted."""
        if not self.state.deleted:
            self.trigger(self.Returned, at=at, order=order, quantity=quantity)

    def remove(self, at: datetime) -> None:
        """Raises NotFound."""
        self.existing()
        self.trigger(self.Deleted, at=at)

    def existing(self) -> ProductFacts:
        """Raises NotFound once it was deleted."""
        if self.state.deleted:
            raise NotFound(f"the product {self.id} was deleted")
        assert self.state.facts is not None
        return self.state.facts
