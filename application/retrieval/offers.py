"""Search in the catalogue by what things are called, and by what is meant where nothing is called so."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from application.ports import Offers, ProviderError, Searcher, Store
from application.retrieval.embedding.metered import MeteredEmbedder
from application.shop.search import FoundOffer, SearchOffers, search_offers
from domain.base.context import Context
from domain.base.errors import Refused

NEAREST = 50
"""Passages that are looked at; those of documents are among them."""

UNLIKE, ALIKE = 0.1, 0.6
"""Similarity of a question to an offer that it has nothing to do with, and to one that it means."""

MOST = 0.9
"""Confidence by meaning alone."""


async def find_offers(
    command: SearchOffers,
    context: Context,
    *,
    offers: Offers,
    store: Store,
    embedder: MeteredEmbedder,
    vectors: Searcher,
    at_least: int | None = None,
) -> list[FoundOffer]:
    """The surest first. Where one is called so, nothing is asked of the embedder, whose call is on record; where it can't be asked, they are found by what they
    are called alone. Raises Unavailable."""

    async def meant() -> Mapping[UUID, float]:
        model = await embedder.serving(context.tenant)
        try:
            async with embedder.metering(context, "search", model=model) as meter:
                (embedding,) = await meter.embed([command.text])
        except (ProviderError, Refused):
            return {}
        near = await vectors.search(context.tenant, embedding, model, NEAREST)
        return {
            each.document: min(MOST, max(0.0, (each.score - UNLIKE) / (ALIKE - UNLIKE)))
            for each in reversed(near.passages)
            if each.source == "shop"
        }

    return await search_offers(
        command, context.tenant, offers=offers, store=store, at_least=at_least, meant=meant
    )
