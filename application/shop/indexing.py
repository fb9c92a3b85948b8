"""What a change of a product or a service makes due: it is found by its meaning as it is then, and from that moment not as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from application.base.amend import amend
from application.ports import INDEX_OFFER_WORK, Clock, Due, Store, Vectors, Work
from domain.base.context import Context
from domain.shop.product import Product
from domain.shop.service import Service

AnOffer = TypeVar("AnOffer", Product, Service)


def indexing(offer: Product | Service, clock: Clock) -> Work:
    key = f"{offer.TOPIC}/{offer.id.hex}"
    return [Due(kind=INDEX_OFFER_WORK, key=key, due_at=clock())]


async def change_offer(
    kind: type[AnOffer],
    id: UUID,
    decide: Callable[[AnOffer], object],
    context: Context,
    *,
    store: Store,
    vectors: Vectors,
    clock: Clock,
) -> tuple[AnOffer, int]:
    """And its position, 0 where nothing has changed. Raises NotFound."""
    offer, saved = await amend(
        kind, id, decide, context=context, store=store, work=lambda offer: indexing(offer, clock)
    )
    if saved.position:
        # Should this not be reached, the work does it. That may have been quicker, and what it has put in place stays.
        await vectors.delete(context.tenant, id, before=offer.version)
    return offer, saved.position
