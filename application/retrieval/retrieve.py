"""The passages that an answer may rest on."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from application.ports import Searcher
from application.retrieval.embedding import MeteredEmbedder
from application.retrieval.hybrid import hybrid
from domain.agents.agent import AgentConfiguration
from domain.base.context import Context
from domain.models.completion import Attempt, Passage
from domain.retrieval.fusion import Fusion, Ranked

QUERY = 8_000
"""Characters of the questions that passages are looked for with."""


async def retrieve(
    context: Context,
    questions: Sequence[str],
    configuration: AgentConfiguration,
    embeddings: list[Attempt],
    *,
    embedder: MeteredEmbedder,
    vectors: Searcher,
    vector: Sequence[float] | None = None,
) -> tuple[tuple[Passage, ...], int]:
    """The best ones first, and how many documents none can come of yet; none where the tenant has it switched off. The embedder's call is
    put to `embeddings`, for the caller's record; `vector`: of the questions, where it has been made."""
    if not configuration.retrieve_documents:
        return (), 0
    if vector is None:
        vector = await vector_of(questions, embeddings, context, embedder)
    ranked, pending = await hybrid(
        context.tenant,
        query_of(questions),
        vector,
        embedder.model,
        configuration.document_results,
        vectors=vectors,
        fusion=Fusion(
            method=configuration.fusion,
            semantic_weight=configuration.semantic_weight,
            keyword_weight=configuration.keyword_weight,
        ),
    )
    return tuple([_scored(each) for each in ranked]), pending


def _scored(ranked: Ranked) -> Passage:
    """An order number that was found speaks for a passage, however little is alike in meaning; that few words are the same never against it."""
    return msgspec.structs.replace(ranked.passage, score=max(ranked.passage.score, ranked.relevance))


async def vector_of(
    questions: Sequence[str], embeddings: list[Attempt], context: Context, embedder: MeteredEmbedder
) -> list[float]:
    """That passages are looked for with; its call is put to `embeddings`."""
    async with embedder.metering(context, "question") as meter:
        (vector,) = await meter.embed([query_of(questions)])
        embeddings += meter.take()
    return vector


def query_of(questions: Sequence[str]) -> str:
    query = "\n".join(questions)
    if len(query) <= QUERY:
        return query
    # What is pasted in stands in the middle; what is asked of it before or behind.
    return f"{query[: QUERY // 2]}\n{query[-QUERY // 2 :]}"
