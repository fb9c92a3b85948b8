"""Search in the catalogue: products and services by what somebody calls them, and by what is meant."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.retrieval.offers import find_offers
from application.shop.search import FoundOffer, SearchOffers
from domain.base.context import Context
from domain.shop.catalogue import OfferKind
from domain.shop.product import Product
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from interfaces.http.shop.offer import told
from interfaces.http.shop.product_forms import ProductOut
from interfaces.http.shop.service import ServiceOut


class CatalogueSearchIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`query`: what the customer calls it, also misspelt or within a sentence, or what it is for. `kind` null: both. `in_stock`: only products of which there are
    pieces. `least`: confidence, 0 to 1."""

    query: Annotated[str, Meta(min_length=1, max_length=1_000)]
    kind: OfferKind | None = None
    category: Annotated[str, Meta(max_length=100)] | None = None
    tag: Annotated[str, Meta(max_length=100)] | None = None
    in_stock: bool = False
    least: Annotated[float, Meta(ge=0, le=1)] = 0.5
    limit: Annotated[int, Meta(ge=1, le=50)] = 10


class FoundOfferOut(msgspec.Struct, frozen=True, kw_only=True):
    """`confidence`: 0 to 1; 1: it is called so. Either `product` or `service` is there, as it is now."""

    kind: OfferKind
    id: UUID
    confidence: float
    product: ProductOut | None = None
    service: ServiceOut | None = None


class FoundOffersOut(msgspec.Struct, frozen=True, kw_only=True):
    items: list[FoundOfferOut]


@post("/v1/catalog/search", status_code=200, scope="conversations:read", rate="searches")
async def search(
    data: JSONBody[CatalogueSearchIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    at_least: AtLeast = None,
) -> FoundOffersOut:
    """Find products and services that somebody may mean, the surest first; prices and stock are those of now."""
    command = SearchOffers(
        text=data.query,
        kind=data.kind,
        category=data.category,
        tag=data.tag,
        in_stock=data.in_stock,
        least=data.least,
        limit=data.limit,
    )
    found = await find_offers(
        command,
        context,
        offers=services.offers,
        store=services.store,
        embedder=services.embedder,
        vectors=services.vectors,
        at_least=at_least,
    )
    return FoundOffersOut(items=[_shown(each) for each in found])


def _shown(found: FoundOffer) -> FoundOfferOut:
    offer, confidence = found.offer, found.confidence
    if isinstance(offer, Product):
        product = ProductOut(id=offer.id, stock=offer.state.stock, **told(offer.existing()))
        return FoundOfferOut(kind="product", id=offer.id, confidence=confidence, product=product)
    service = ServiceOut(id=offer.id, **told(offer.existing()))
    return FoundOfferOut(kind="service", id=offer.id, confidence=confidence, service=service)


ROUTER = Router("/", route_handlers=[search], tags=["shop"])
