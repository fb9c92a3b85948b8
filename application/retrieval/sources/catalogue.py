"""The catalogue: products and services by what they are called, misspelt too, with the price of this moment. What the index knows it may know a moment later."""

from __future__ import annotations

from application.ports import Keyring, Offers, Store
from application.retrieval.chunks import passage_id
from application.retrieval.query import Query
from application.retrieval.sources.source import Brought
from application.shop.search import FoundOffer, SearchOffers, search_offers
from domain.models.completion import Passage
from domain.retrieval.fusion import Ranked
from domain.retrieval.offer_text import offer_text

WANTS = frozenset({"price", "availability", "product", "order", "discount", "appointment"})
"""What is wanted by whom it is asked."""

LEAST, READ = 0.6, 1_000
"""Confidence that an offer is meant; characters of the query that are read."""

NAMED = 0.9
"""Relevance of an offer that is called so: a name alone says not yet that it is the answer."""


class CatalogueSource:
    name = "catalogue"
    own = True

    def __init__(self, offers: Offers, store: Store, keyring: Keyring) -> None:
        self._offers, self._store, self._keyring = offers, store, keyring

    def serves(self, query: Query) -> bool:
        return query.database > 0 and bool(WANTS & query.wants)

    async def find(self, query: Query) -> Brought:
        command = SearchOffers(text=query.text[:READ], least=LEAST, limit=min(query.database, query.limit))
        found = await search_offers(command, query.tenant, offers=self._offers, store=self._store)
        return Brought(ranked=[await self._ranked(each, query) for each in found])

    async def _ranked(self, found: FoundOffer, query: Query) -> Ranked:
        """As the index has it, or will have it in a moment."""
        offer, facts = found.offer, found.offer.existing()
        text, relevance = offer_text(facts), NAMED * found.confidence
        passage = Passage(
            id=await passage_id(query.tenant, offer.id.hex, text, self._keyring),
            document=offer.id,
            title=facts.name,
            ordinal=0,
            score=relevance,
            text=text,
            source="shop",
        )
        return Ranked(passage, relevance, relevance)
