"""The passages that an answer may rest on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from application.ports import Embedder, Vectors
from domain.agent import AgentConfiguration
from domain.completion import Passage

QUERY = 8_000
"""Characters of the questions that passages are looked for with."""


async def retrieve(
    tenant: UUID,
    questions: Sequence[str],
    configuration: AgentConfiguration,
    *,
    embedder: Embedder,
    vectors: Vectors,
) -> tuple[Passage, ...]:
    """The best ones first; none where the tenant has it switched off."""
    if not configuration.retrieve_documents:
        return ()
    query = "\n".join(questions)
    if len(query) > QUERY:  # what is pasted in stands in the middle; what is asked of it before or behind
        query = f"{query[: QUERY // 2]}\n{query[-QUERY // 2 :]}"
    (embedding,) = await embedder.embed([query])
    return tuple(await vectors.search(tenant, embedding, embedder.model, configuration.document_results))
