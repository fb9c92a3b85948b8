"""The passages that an answer may rest on."""

from __future__ import annotations

from collections.abc import Sequence

from application.ports import Vectors
from application.retrieval.embedding import MeteredEmbedder
from domain.agents.agent import AgentConfiguration
from domain.base.context import Context
from domain.models.completion import Attempt, Passage

QUERY = 8_000
"""Characters of the questions that passages are looked for with."""


async def retrieve(
    context: Context,
    questions: Sequence[str],
    configuration: AgentConfiguration,
    embeddings: list[Attempt],
    *,
    embedder: MeteredEmbedder,
    vectors: Vectors,
) -> tuple[tuple[Passage, ...], int]:
    """The best ones first, and how many documents none can come of yet; none where the tenant has it switched off. The embedder's call is
    put to `embeddings`, for the caller's record."""
    if not configuration.retrieve_documents:
        return (), 0
    async with embedder.metering(context, "question") as meter:
        (embedding,) = await meter.embed([_query(questions)])
        found = await vectors.search(
            context.tenant, embedding, embedder.model, configuration.document_results
        )
        embeddings += meter.take()
    return tuple(found.passages), found.pending


def _query(questions: Sequence[str]) -> str:
    query = "\n".join(questions)
    if len(query) <= QUERY:
        return query
    # What is pasted in stands in the middle; what is asked of it before or behind.
    return f"{query[: QUERY // 2]}\n{query[-QUERY // 2 :]}"
