"""What bodies about products and services share."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar.params import QueryParameter
from msgspec import Meta

from application.shop.search import filtered_ids
from domain.base.patterns import CURRENCY, PRICE
from domain.shop.catalogue import Filters, OfferKind
from domain.shop.offer import Offer
from interfaces.bootstrap import Services

Price = Annotated[str, Meta(pattern=PRICE, description='As "12.90".')]
Currency = Annotated[str, Meta(pattern=CURRENCY, description="ISO 4217, as EUR.")]
Word = Annotated[str, Meta(min_length=1, max_length=100)]
Address = Annotated[str, Meta(min_length=1, max_length=1000)]


class OfferIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`active` false: it is not offered. `complements`: ids of products and services that go with it, the best first. What is left out is empty from then on."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Annotated[str, Meta(max_length=10_000)] = ""
    price: Price
    currency: Currency
    category: Annotated[str, Meta(max_length=100)] = ""
    tags: Annotated[tuple[Word, ...], Meta(max_length=50)] = ()
    images: Annotated[tuple[Address, ...], Meta(max_length=20)] = ()
    active: bool = True
    complements: Annotated[tuple[UUID, ...], Meta(max_length=20)] = ()


def facts_of(data: OfferIn) -> dict[str, Any]:
    """The fields of an `Offer`."""
    facts: dict[str, Any] = {name: getattr(data, name) for name in Offer.__struct_fields__}
    return {**facts, "price": Decimal(data.price)}


def told(offer: Offer) -> dict[str, Any]:
    """The fields of an `Offer`, and of what it is more, as they are shown."""
    return {**msgspec.structs.asdict(offer), "price": f"{offer.price:f}"}


Category = Annotated[
    str | None, QueryParameter(max_length=100, description="Of this category, however it is written.")
]
Tag = Annotated[
    str | None, QueryParameter(max_length=100, description="With this tag, however it is written.")
]


async def ids_among(
    kind: OfferKind,
    category: str | None,
    tag: str | None,
    tenant: UUID,
    services: Services,
    at_least: int | None,
) -> Collection[UUID] | None:
    """Those of a category and a tag; None: whichever."""
    if category is None and tag is None:
        return None
    filters = Filters(kind=kind, category=category, tag=tag)
    return await filtered_ids(filters, tenant, offers=services.offers, at_least=at_least)
