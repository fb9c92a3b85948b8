"""The internet: what is said there of products of which the tenant says little, as it was found ahead of the question (application/answers/enrichment/enrich.py).

Nothing is asked of the internet here. What is missing, or old, is wanted: that is on record, and work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from application.ports import ENRICH_WORK, Clock, Due, Ids, InternetSearch, Keyring, Offers, Store
from application.retrieval.chunks import passage_id
from application.retrieval.query import Query
from application.retrieval.sources.source import Brought
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound
from domain.models.completion import Passage
from domain.retrieval.fusion import Ranked
from domain.retrieval.internet.enriching import is_candidate, query_of
from domain.retrieval.internet.enrichment import Enrichment, WebFact, enrichment_of
from domain.shop.catalogue import Filters, Offered

PRODUCTS = Filters(kind="product", active=True)
NAMED, LOOKED_AT, READ = 0.5, 3, 1_000
"""Confidence from which on a product is asked about; how many are looked at; characters of the question."""

SHARE = 0.6
"""What being named counts as relevance: a page says something of the product, and not what was asked for."""


class InternetSource:
    name = "internet"
    own = False

    def __init__(
        self,
        internet: InternetSearch,
        *,
        offers: Offers,
        store: Store,
        keyring: Keyring,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._internet, self._offers, self._store, self._keyring = internet, offers, store, keyring
        self._clock, self._ids = clock, ids

    def serves(self, query: Query) -> bool:
        """Where the tenant has it switched on, and there is a search to ask."""
        return query.internet > 0 and self._internet.is_set_up

    async def find(self, query: Query) -> Brought:
        catalogue = await self._offers.get(query.tenant)
        found: list[Ranked] = []
        for match in catalogue.find(query.text[:READ], PRODUCTS, least=NAMED)[:LOOKED_AT]:
            offered = catalogue.offers[match.offer]
            if is_candidate(offered.facts, query.brands):
                found += await self._of(offered, match.confidence, query)
        return Brought(ranked=found[: query.internet])

    async def _of(self, offered: Offered, confidence: float, query: Query) -> list[Ranked]:
        wanted, at = query_of(offered.facts, query.brands), self._clock()
        enrichment = await self._known(offered.id, query.tenant)
        enrichment.want(wanted, at)
        if any(isinstance(each, Enrichment.Wanted) for each in enrichment.pending_events):
            await self._want(enrichment, offered.id, query.tenant)
        relevance = round(SHARE * confidence, 4)
        facts = enrichment.facts_for(wanted, at)
        found = await self._passages(enrichment.id, offered.facts.name, facts, relevance, query.tenant)
        return [Ranked(each, relevance, relevance) for each in found]

    async def _passages(
        self, id: UUID, name: str, facts: Sequence[WebFact], score: float, tenant: UUID
    ) -> list[Passage]:
        """One for each site, which is its title."""
        sites: dict[str, list[str]] = defaultdict(list)
        for fact in facts:
            sites[fact.site].append(fact.text)
        found = []
        for ordinal, (site, texts) in enumerate(sites.items()):
            text = "\n".join((name, *texts))
            found.append(
                Passage(
                    id=await passage_id(tenant, f"{id.hex}/{site}", text, self._keyring),
                    document=id,
                    title=site,
                    ordinal=ordinal,
                    section=name,
                    score=score,
                    text=text,
                    source="internet",
                )
            )
        return found

    async def _known(self, product: UUID, tenant: UUID) -> Enrichment:
        try:
            return await self._store.load(Enrichment, enrichment_of(product), tenant=tenant)
        except NotFound:
            return Enrichment.begin(product, self._clock())

    async def _want(self, enrichment: Enrichment, product: UUID, tenant: UUID) -> None:
        """On record, with the work that looks it up; whoever wants the same at the same moment is no fault."""
        context = Context(tenant=tenant, actor="system:retriever", correlation=self._ids())
        work = (Due(kind=ENRICH_WORK, key=product.hex, due_at=self._clock()),)
        try:
            await self._store.save(enrichment, context=context, work=work)
        except Conflict:
            return
