"""The index: the tenant's documents, its knowledge base and what its catalogue says, found by meaning and by words in one go."""

from __future__ import annotations

from msgspec.structs import replace

from application.ports import Searcher
from application.retrieval.hybrid import hybrid
from application.retrieval.query import Query
from application.retrieval.sources.source import Brought
from domain.models.completion import Source
from domain.retrieval.fusion import Ranked

WITHOUT_SHOP: tuple[Source, ...] = ("document", "knowledge")
"""Where nothing of the shop is wanted."""


class IndexSource:
    name = "index"
    own = True

    def __init__(self, vectors: Searcher) -> None:
        self._vectors = vectors

    def serves(self, query: Query) -> bool:
        """Any."""
        return True

    async def find(self, query: Query) -> Brought:
        ranked, pending = await hybrid(
            query.tenant,
            query.text,
            query.vector.values,
            query.vector.model,
            query.limit,
            vectors=self._vectors,
            fusion=query.fusion,
            synonyms=query.synonyms,
            sources=None if query.database else WITHOUT_SHOP,
        )
        return Brought(ranked=[_scored(each) for each in ranked], pending=pending)


def _scored(ranked: Ranked) -> Ranked:
    """An order number that was found speaks for a passage, however little is alike in meaning; that few words are the same never against it."""
    passage = ranked.passage
    return replace(ranked, passage=replace(passage, score=max(passage.score, ranked.relevance)))
