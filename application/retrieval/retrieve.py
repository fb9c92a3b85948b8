"""The passages that an answer may rest on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.budgets.hold import Hold
from application.ports import ProviderError, Searcher, Store
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.hybrid import hybrid
from application.retrieval.stock import with_stock
from domain.agents.agent import AgentConfiguration
from domain.base.context import Context
from domain.base.errors import Refused
from domain.models.completion import Attempt, Passage
from domain.retrieval.fusion import Fusion, Ranked

log = logging.getLogger("retrace.retrieval")

QUERY = 8_000
"""Characters of the questions that passages are looked for with."""


class QuestionVector(msgspec.Struct, frozen=True, kw_only=True):
    """What passages are looked for with, in the vector space `model`. No `values`: there is none, and they are looked for by words alone;
    `missing`: since it could not be made."""

    model: str
    values: tuple[float, ...] = ()
    missing: bool = False


async def retrieve(
    context: Context,
    questions: Sequence[str],
    configuration: AgentConfiguration,
    vector: QuestionVector,
    *,
    vectors: Searcher,
    store: Store,
) -> tuple[tuple[Passage, ...], int]:
    """The best ones first, and how many documents none can come of yet; none where the tenant has it switched off."""
    if not configuration.retrieve_documents:
        return (), 0
    ranked, pending = await hybrid(
        context.tenant,
        query_of(questions),
        vector.values,
        vector.model,
        configuration.document_results,
        vectors=vectors,
        fusion=fusion_of(configuration),
        synonyms=configuration.synonyms,
    )
    passages = [_scored(each) for each in ranked]
    return await with_stock(passages, context.tenant, store=store), pending


def fusion_of(configuration: AgentConfiguration) -> Fusion:
    return Fusion(
        method=configuration.fusion,
        semantic_weight=configuration.semantic_weight,
        keyword_weight=configuration.keyword_weight,
    )


def _scored(ranked: Ranked) -> Passage:
    """An order number that was found speaks for a passage, however little is alike in meaning; that few words are the same never against it."""
    return msgspec.structs.replace(ranked.passage, score=max(ranked.passage.score, ranked.relevance))


async def vector_of(
    questions: Sequence[str],
    embeddings: list[Attempt],
    hold: Hold,
    interaction: UUID,
    context: Context,
    embedder: MeteredEmbedder,
) -> QuestionVector:
    """That passages are looked for with; its call is put to `embeddings`, and what is held for it to `hold`, of which the caller makes a
    record. Where the model can't be asked, its provider is away or the budget forbids it, an answer rests on what words find."""
    model = await embedder.serving(context.tenant)
    try:
        async with embedder.metering(
            context, "question", model=model, hold=hold, interaction=interaction
        ) as meter:
            try:
                (vector,) = await meter.embed([query_of(questions)])
            finally:
                embeddings += meter.take()
    except (ProviderError, Refused) as error:
        detail = error.detail
        log.warning("a question has no vector", extra={"facts": {"model": model, "reason": detail}})
        return QuestionVector(model=model, missing=True)
    return QuestionVector(model=model, values=tuple(vector))


def query_of(questions: Sequence[str]) -> str:
    query = "\n".join(questions)
    if len(query) <= QUERY:
        return query
    # What is pasted in stands in the middle; what is asked of it before or behind.
    return f"{query[: QUERY // 2]}\n{query[-QUERY // 2 :]}"
