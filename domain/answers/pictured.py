"""Offers of the catalogue with a picture that can be shown beside an answer, and which of them an answer is about. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from domain.answers.memory import Memory, viewed
from domain.models.completion import Citation
from domain.shop.offer import Offer

KINDS = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png"}
"""Ending of an address → media type. Whoever fetches a picture goes by its address, which has to tell what it is."""


class Pictured(msgspec.Struct, frozen=True, kw_only=True):
    """`amount` in `currency` is its price, as it is told."""

    offer: UUID
    name: str
    amount: str
    currency: str
    picture: str
    media_type: str


def pictured(id: UUID, facts: Offer) -> Pictured | None:
    """With its first picture that can be shown; None: it has none."""
    for address in facts.images:
        parts = urlsplit(address)
        kind = KINDS.get(PurePosixPath(parts.path).suffix.lower())
        if parts.scheme == "https" and kind is not None:
            return Pictured(
                offer=id,
                name=facts.name,
                amount=f"{facts.price:f}",
                currency=facts.currency,
                picture=address,
                media_type=kind,
            )
    return None


def on_show(offers: Sequence[Pictured], citations: Sequence[Citation], memory: Memory) -> Pictured | None:
    """The one offer that an answer rests on. None: it rests on several or none, the one has no picture, or is what the customer looked at last (`memory`,
    before their messages), so that they have seen it."""
    cited = {each.document for each in citations if each.source == "shop"}
    found = next((each for each in offers if cited == {each.offer}), None)
    return None if found is None or found.name in viewed(memory) else found
