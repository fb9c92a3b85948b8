"""What of the catalogue the messages name: matched by what it is called, misspelt too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from application.ports import Offers, Unavailable
from domain.answers.understanding import Entity, NamedOffer, Understanding
from domain.shop.catalogue import Catalogue, Filters

log = logging.getLogger("retrace.answers")

LEAST, SURE, MOST = 0.55, 0.6, 4
"""Confidence from which on an offer may be meant, and from which on one that stands alone is taken as named; offers that are told."""

READ = 1_000
"""Characters of the messages."""

INLINE = 300
"""Offers whose names are looked through on the spot (a millisecond); more beside the event loop."""

ACTIVE = Filters(active=True)


async def named_offers(questions: Sequence[str], tenant: UUID, offers: Offers) -> tuple[NamedOffer, ...]:
    """The surest first. None where the catalogue can't be read at the moment: an answer does not wait for it."""
    try:
        catalogue = await offers.get(tenant)
    except Unavailable as error:
        log.warning("the catalogue's names are not known", extra={"facts": {"reason": str(error)}})
        return ()
    if not catalogue.offers:
        return ()
    text = "\n".join(questions)[:READ]
    if len(catalogue.offers) <= INLINE:
        return _found(catalogue, text)
    return await asyncio.to_thread(_found, catalogue, text)


def with_offers(understanding: Understanding, offers: tuple[NamedOffer, ...]) -> Understanding:
    """One that is named, and no other as well, is an entity."""
    if not offers:
        return understanding
    best, *others = offers
    named: tuple[Entity, ...] = ()
    if best.confidence >= SURE and all(each.confidence < best.confidence for each in others):
        named = (Entity(kind=best.kind, text=best.name, value=best.name),)
    known = {each.value for each in understanding.entities}
    entities = (*understanding.entities, *[each for each in named if each.value not in known])
    return replace(understanding, offers=offers, entities=entities)


def offer_meant(understanding: Understanding) -> str | None:
    """The one offer that the messages name, however it is written."""
    if not understanding.offers:
        return None
    best = understanding.offers[0].name
    named = any(each.kind in ("product", "service") and each.value == best for each in understanding.entities)
    return best if named else None


def _found(catalogue: Catalogue, text: str) -> tuple[NamedOffer, ...]:
    found = catalogue.find(text, ACTIVE, least=LEAST)[:MOST]
    return tuple(
        NamedOffer(
            kind=catalogue.offers[match.offer].kind,
            name=catalogue.offers[match.offer].facts.name,
            confidence=match.confidence,
            id=catalogue.offers[match.offer].id,
        )
        for match in found
    )
