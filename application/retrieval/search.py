"""Search in the tenant's documents."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.ports import ProviderError, Searcher
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.hybrid import hybrid
from application.retrieval.query import fusion_of
from domain.agents.agent import AgentConfiguration
from domain.base.context import Context
from domain.base.errors import Invalid, Refused
from domain.models.completion import Passage, Source
from domain.retrieval.fusion import Method


class Search(msgspec.Struct, frozen=True, kw_only=True):
    query: str
    limit: int = 5
    fusion: Method | None = None
    """None: as the configuration has it."""

    among: tuple[UUID, ...] | None = None
    """Of these documents only."""

    sources: tuple[Source, ...] | None = None
    """Of these only; None: of all."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Best first. `words_only`: why meaning was left aside; None: it was not."""

    passages: list[Passage]
    words_only: str | None = None


async def search(
    query: Search,
    context: Context,
    *,
    embedder: MeteredEmbedder,
    vectors: Searcher,
    configuration: AgentConfiguration = AgentConfiguration(),  # noqa: B008
) -> Found:
    """The most relevant passages by meaning and by words, best first, with their relevance as score; the embedder's call is on record.

    Where it can't be made, its provider is away or the budget forbids it, they are found by words alone. Raises Invalid.
    """
    if not query.query.strip() or len(query.query) > 2000:
        raise Invalid("query has 1 to 2000 characters")
    if not 1 <= query.limit <= 50:
        raise Invalid("limit lies between 1 and 50")
    fusion = fusion_of(configuration)
    model = await embedder.serving(context.tenant)
    embedding, words_only = list[float](), None
    try:
        async with embedder.metering(context, "search", model=model) as meter:
            (embedding,) = await meter.embed([query.query])
    except (ProviderError, Refused) as error:
        words_only = f"{model}: {error.detail}"
    ranked, _ = await hybrid(
        context.tenant,
        query.query,
        embedding,
        model,
        query.limit,
        vectors=vectors,
        fusion=msgspec.structs.replace(fusion, method=query.fusion or fusion.method),
        synonyms=configuration.synonyms,
        among=query.among,
        sources=query.sources,
    )
    passages = [msgspec.structs.replace(each.passage, score=each.relevance) for each in ranked]
    return Found(passages=passages, words_only=words_only)
