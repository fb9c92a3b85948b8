"""Products as they come in and are shown."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.shop.product import MOST_STOCK, ProductFacts
from interfaces.http.shop.offer import OfferIn, facts_of, told


class ProductChange(OfferIn, kw_only=True, forbid_unknown_fields=True):
    """What is left out is empty from then on; the stock stays."""


class ProductIn(ProductChange, kw_only=True, forbid_unknown_fields=True):
    """`stock`: pieces that there are."""

    stock: Annotated[int, Meta(ge=0, le=MOST_STOCK)] = 0


class StockIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`by`: pieces more, or fewer where it is negative."""

    by: Annotated[int, Meta(ge=-MOST_STOCK, le=MOST_STOCK)]
    reason: Annotated[str, Meta(max_length=200)] = ""


class ProductOut(msgspec.Struct, frozen=True, kw_only=True):
    """`price` of one piece, a decimal number as text; `stock`: pieces that there are."""

    id: UUID
    name: str
    description: str
    price: str
    currency: str
    category: str
    tags: tuple[str, ...]
    images: tuple[str, ...]
    active: bool
    complements: tuple[UUID, ...]
    stock: int


def facts_in(data: ProductChange) -> ProductFacts:
    return ProductFacts(**facts_of(data))


def product_out(id: UUID, facts: ProductFacts, stock: int) -> ProductOut:
    return ProductOut(id=id, stock=stock, **told(facts))
