"""What is indexed of a document: its chunks, and what it cost to embed them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from application.ports import Chunk, Extracted, Keyring
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt, Usage
from domain.models.pricing import cost
from domain.retrieval.document import Document

AT_ONCE = 100
"""Chunks between which others have their turn."""


async def chunks_of(extracted: Extracted, document: Document, tenant: UUID, keyring: Keyring) -> list[Chunk]:
    """As they are indexed."""
    chunks = []
    for ordinal, each in enumerate(extracted.chunks):
        chunks.append(
            Chunk(
                id=await passage_id(tenant, document.state.content_hash, each.text, keyring),
                ordinal=ordinal,
                page=each.page,
                section=each.section,
                tokens=each.tokens,
                text=each.text,
                embedding=each.embedding,
            )
        )
        if ordinal % AT_ONCE == 0:
            await asyncio.sleep(0)
    return chunks


def embedding_of(extracted: Extracted, catalogue: Catalogue, began: datetime) -> Attempt:
    """The call of the embedding model that all chunks together were, with what it cost."""
    provider, _, model = extracted.model.partition("/")
    usage = Usage(input=sum(each.tokens for each in extracted.chunks))
    price = catalogue.price(provider, model, began)
    return Attempt(
        kind="embedding",
        provider=provider,
        model=model,
        served=model,
        outcome="ok",
        started_at=began,
        latency_ms=extracted.embedding_ms,
        usage=usage,
        cost=cost(usage, price) if price else Decimal(0),
        price=price.id if price else None,
    )


async def passage_id(tenant: UUID, content_hash: str, text: str, keyring: Keyring) -> str:
    """Names a passage by the document's content and its own, so that a citation never drifts; nobody can guess at a text by it."""
    return (await keyring.identify(tenant, "passage", content_hash, text)).hex
