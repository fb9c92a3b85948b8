"""Offer: what every thing of the catalogue has, be it a product or a service: its name, its price, where it belongs."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from domain.base.errors import Invalid


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """`price`: of one piece, or one place, in `currency` (ISO 4217). `images`: their addresses. `active` False: it is not offered."""

    name: str
    description: str = ""
    price: Decimal
    currency: str
    category: str = ""
    tags: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    active: bool = True


AnOffer = TypeVar("AnOffer", bound=Offer)


def checked(offer: AnOffer) -> AnOffer:
    """Raises Invalid."""
    if not offer.name.strip():
        raise Invalid("name is what customers call it; it can't be blank")
    if not offer.price.is_finite() or offer.price < 0:
        raise Invalid('price is a decimal number from 0 on, as "12.90"')
    for image in offer.images:
        try:
            parts = urlsplit(image)
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good or not image.isprintable() or " " in image:
            raise Invalid("each of images is an address as https://shop.example.com/mug.jpg")
    return offer
