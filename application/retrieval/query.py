"""Retrieval query: what passages are looked for with, and what is known of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.budgets.hold import Hold
from application.ports import ProviderError
from application.retrieval.embedding.metered import MeteredEmbedder
from domain.agents.agent import AgentConfiguration
from domain.base.context import Context
from domain.base.errors import Refused
from domain.models.completion import Attempt
from domain.retrieval.fusion import Fusion
from domain.retrieval.synonyms import Groups

log = logging.getLogger("retrace.retrieval")

QUERY = 8_000
"""Characters of the questions that passages are looked for with."""


class QuestionVector(msgspec.Struct, frozen=True, kw_only=True):
    """What passages are looked for with, in the vector space `model`. No `values`: there is none, and they are looked for by words alone;
    `missing`: since it could not be made."""

    model: str
    values: tuple[float, ...] = ()
    missing: bool = False


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """The `limit` best passages are wanted. `interests`: names of what was looked at before, of which passages come first among those that fit as well. `wants`: names of what the questions want, as `price` (docs/understanding.md); `dates`: those that
    they name, as they were written. By these sources are picked."""

    tenant: UUID
    text: str
    vector: QuestionVector
    limit: int = 5
    fusion: Fusion = Fusion()
    synonyms: Groups = ()
    interests: tuple[str, ...] = ()
    likings: tuple[str, ...] = ()
    """Names of what was looked at earlier: it counts less."""

    database: int = 3
    """Passages that are wanted of the shop's books, at most; 0: nothing of the shop."""

    customer: UUID | None = None
    """The conversation of the customer who asks, of whom what they ordered and booked may be told; None: nobody's is."""

    internet: int = 0
    """Passages that are wanted of the internet, at most."""

    brands: tuple[str, ...] = ()
    """Of which the internet is asked, however much the tenant says itself."""

    wants: frozenset[str] = frozenset()
    dates: tuple[str, ...] = ()


def fusion_of(configuration: AgentConfiguration) -> Fusion:
    return Fusion(
        method=configuration.fusion,
        semantic_weight=configuration.semantic_weight,
        keyword_weight=configuration.keyword_weight,
    )


def query_of(questions: Sequence[str]) -> str:
    query = "\n".join(questions)
    if len(query) <= QUERY:
        return query
    # What is pasted in stands in the middle; what is asked of it before or behind.
    return f"{query[: QUERY // 2]}\n{query[-QUERY // 2 :]}"


async def vector_of(
    query: str,
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
                (vector,) = await meter.embed([query])
            finally:
                embeddings += meter.take()
    except (ProviderError, Refused) as error:
        detail = error.detail
        log.warning("a question has no vector", extra={"facts": {"model": model, "reason": detail}})
        return QuestionVector(model=model, missing=True)
    return QuestionVector(model=model, values=tuple(vector))
