"""The passages that an answer may rest on."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from application.ports import Embedder, Vectors
from domain.agent import AgentConfiguration
from domain.completion import Passage


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
    (embedding,) = await embedder.embed(["\n".join(questions)])
    return tuple(await vectors.search(tenant, embedding, embedder.model, configuration.document_results))
