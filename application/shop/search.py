"""Search in the catalogue: which products and services somebody may mean, how sure that is, and what they cost now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from itertools import starmap
from uuid import UUID

import msgspec

from application.ports import Offers, Store
from domain.base.errors import NotFound
from domain.shop.catalogue import Catalogue, Filters, OfferKind
from domain.shop.matching import Match
from domain.shop.product import Product
from domain.shop.service import Service

LOOKED_AT = 200
"""Offers that are read from the log, at most, until there are enough of those that are wanted."""


INLINE = 300
"""Offers that are looked through on the spot (a millisecond); more beside the event loop."""

SURE = 0.9
"""Confidence from which on something is called so, and nobody has to be asked what is meant."""

Meant = Callable[[], Awaitable[Mapping[UUID, float]]]
"""Confidence that an offer is meant, by its id."""


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
    command: SearchOffers,
    tenant: UUID,
    *,
    offers: Offers,
    store: Store,
    at_least: int | None = None,
    meant: Meant | None = None,
) -> list[FoundOffer]:
    """What is offered, the surest first; `meant` is asked where nothing is called so for sure. Raises Unavailable."""
    catalogue = await offers.get(tenant, at_least)
    filters = Filters(kind=command.kind, category=command.category, tag=command.tag, active=True)
    found: list[FoundOffer] = []
    matches = await _matches(catalogue, command, filters)
    if meant is not None and (not matches or matches[0].confidence < SURE):
        matches = _surest(matches, await meant(), catalogue, filters, command.least)
    for match in matches[:LOOKED_AT]:
        if len(found) == command.limit:
            break
        each = catalogue.offers[match.offer]
        offer = await _now(each.kind, each.id, tenant, store)
        if offer is not None and not (
            command.in_stock and isinstance(offer, Product) and not offer.state.stock
        ):
            found.append(FoundOffer(offer=offer, confidence=match.confidence))
    return found


async def _matches(catalogue: Catalogue, command: SearchOffers, filters: Filters) -> list[Match]:
    def find() -> list[Match]:
        return catalogue.find(command.text, filters, least=command.least)

    return find() if len(catalogue.offers) <= INLINE else await asyncio.to_thread(find)


def _surest(
    matches: Sequence[Match],
    meant: Mapping[UUID, float],
    catalogue: Catalogue,
    filters: Filters,
    least: float,
) -> list[Match]:
    """Each by what it is called, or by what is meant, whichever is surer."""
    found = {match.offer: match.confidence for match in matches}
    for number in catalogue.filtered(filters) if meant else ():
        confidence = meant.get(catalogue.offers[number].id, 0.0)
        if confidence >= least:
            found[number] = round(max(found.get(number, 0.0), confidence), 4)
    return sorted(starmap(Match, found.items()), key=lambda match: (-match.confidence, match.offer))


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
