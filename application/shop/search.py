"""Search in the catalogue: which products and services somebody may mean, how sure that is, and what they cost now."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec

from application.ports import Offers, Store
from domain.base.errors import NotFound
from domain.shop.catalogue import Filters, OfferKind
from domain.shop.product import Product
from domain.shop.service import Service

LOOKED_AT = 200
"""Offers that are read from the log, at most, until there are enough of those that are wanted."""


class SearchOffers(msgspec.Struct, frozen=True, kw_only=True):
    """`least`: confidence, 0 to 1. `in_stock`: of products, only those of which there are pieces."""

    text: str
    kind: OfferKind | None = None
    category: str | None = None
    tag: str | None = None
    in_stock: bool = False
    least: float = 0.5
    limit: int = 10


class FoundOffer(msgspec.Struct, frozen=True, kw_only=True):
    """As it is now. `confidence`: 0 to 1."""

    offer: Product | Service
    confidence: float


async def search_offers(
    command: SearchOffers, tenant: UUID, *, offers: Offers, store: Store, at_least: int | None = None
) -> list[FoundOffer]:
    """What is offered, the surest first. Raises Unavailable."""
    catalogue = await offers.get(tenant, at_least)
    filters = Filters(kind=command.kind, category=command.category, tag=command.tag, active=True)
    found: list[FoundOffer] = []
    for match in catalogue.find(command.text, filters, least=command.least)[:LOOKED_AT]:
        if len(found) == command.limit:
            break
        each = catalogue.offers[match.offer]
        offer = await _now(each.kind, each.id, tenant, store)
        if offer is not None and not (
            command.in_stock and isinstance(offer, Product) and not offer.state.stock
        ):
            found.append(FoundOffer(offer=offer, confidence=match.confidence))
    return found


async def filtered_ids(
    filters: Filters, tenant: UUID, *, offers: Offers, at_least: int | None = None
) -> Collection[UUID]:
    """Of all that the filters let through. Raises Unavailable."""
    catalogue = await offers.get(tenant, at_least)
    return [catalogue.offers[number].id for number in catalogue.filtered(filters)]


async def _now(kind: OfferKind, id: UUID, tenant: UUID, store: Store) -> Product | Service | None:
    """None where it is not offered any more."""
    try:
        offer: Product | Service = await store.load(
            Product if kind == "product" else Service, id, tenant=tenant
        )
        return offer if offer.existing().active else None
    except NotFound:
        return None
