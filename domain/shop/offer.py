"""Offer: what every thing of the catalogue has, be it a product or a service: its name, its price, where it belongs."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from domain.base.errors import Invalid
from domain.shop.currencies import CURRENCIES


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """`price`: of one piece, or one place, in `currency` (ISO 4217). `images`: their addresses. `active` False: it is not offered.
    `complements`: products and services of the same tenant that go with it, the best first."""

    name: str
    description: str = ""
    price: Decimal
    currency: str
    category: str = ""
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    active: bool = True
    complements: tuple[UUID, ...] = ()


AnOffer = TypeVar("AnOffer", bound=Offer)


def checked(offer: AnOffer, id: UUID) -> AnOffer:
    """`id`: its own. Raises Invalid."""
    if not offer.name.strip():
        raise Invalid("name is what customers call it; it can't be blank")
    if not offer.price.is_finite() or offer.price < 0:
        raise Invalid('price is a decimal number from 0 on, as "12.90"')
    if offer.currency not in CURRENCIES:
        raise Invalid(f"currency: {offer.currency[:10]!r} is no code of ISO 4217; name one as EUR")
    for image in offer.images:
        try:
            parts = urlsplit(image)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good or not image.isprintable() or " " in image:
            raise Invalid("each of images is an address as https://shop.example.com/mug.jpg")
    if id in offer.complements:
        raise Invalid("complements: nothing goes with itself; leave its own id out")
    if len(set(offer.complements)) < len(offer.complements):
        raise Invalid("complements: an id stands there twice; name each once")
    return offer
