"""What is indexed of a document: its chunks, and what it cost to embed them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from application.ports import Chunk, Extracted, ExtractedChunk, Keyring
from domain.models.catalogue import Catalogue
from domain.models.completion import Attempt, Usage
from domain.models.pricing import cost
from domain.retrieval.document import Document
from domain.retrieval.embedding_model import LOCAL
from domain.retrieval.look_alikes import forms_in

AT_ONCE = 100
"""Chunks between which others have their turn."""


async def chunks_of(
    extracted: Extracted,
    vectors: Sequence[Sequence[float]],
    document: Document,
    tenant: UUID,
    keyring: Keyring,
) -> list[Chunk]:
    """As they are indexed."""
    chunks, scanned = [], frozenset(extracted.recognised)
    for ordinal, (each, vector) in enumerate(zip(extracted.chunks, vectors, strict=True)):
        chunks.append(
            Chunk(
                id=await passage_id(tenant, document.state.content_hash, each.text, keyring),
                ordinal=ordinal,
                page=each.page,
                last_page=each.last_page,
                section=each.section,
                tokens=each.tokens,
                text=each.text,
                embedding=vector,
                terms="" if scanned.isdisjoint(_pages(each)) else forms_in(each.text),
            )
        )
        if ordinal % AT_ONCE == 0:
            await asyncio.sleep(0)
    return chunks


def _pages(chunk: ExtractedChunk) -> range:
    return range(chunk.page, (chunk.last_page or chunk.page) + 1)


def embedding_of(extracted: Extracted, catalogue: Catalogue, began: datetime) -> Attempt:
    """The call of the built-in model that all chunks together were, with what it cost."""
    provider, _, model = LOCAL.partition("/")
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
