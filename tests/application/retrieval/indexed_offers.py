"""Offers of the catalogue, put into the index."""

from __future__ import annotations

from typing import Any

from application.ports import INDEX_OFFER_WORK
from application.retrieval.index_offer import index_offer, offer_in
from tests.application.conftest import Shop


async def index_offers(shop: Shop, vectors: Any = None) -> None:
    """All that is due of offers."""
    parts = shop.parts
    for kind, key in await shop.owed():
        if kind == INDEX_OFFER_WORK:
            await index_offer(
                offer_in(key),
                shop.context,
                store=parts.store,
                keyring=parts.keyring,
                embedder=parts.embedder,
                vectors=vectors or parts.vectors,
                clock=parts.clock,
            )
