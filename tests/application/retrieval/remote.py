"""A tenant whose passages are embedded by a double at the wire, with a price."""

from __future__ import annotations

import dataclasses
from uuid import UUID

from application.gateway.provider_key import SetProviderKey, set_provider_key
from application.retrieval.embedding.model import EmbeddingModelShown, SetEmbeddingModel, set_embedding_model
from application.retrieval.process_document import ProcessDocument, process_document
from domain.retrieval.document import Document
from domain.retrieval.embedding import Embedding
from tests.application.conftest import Shop
from tests.application.played import PlayedHealth
from tests.doubles.embeddings import Embeddings

SMALL = "openai/text-embedding-3-small"
SPACE = f"{SMALL}@1024"


async def embed_by(shop: Shop, double: Embeddings, fault: str = "scripted") -> EmbeddingModelShown:
    """From now on; what other tests have seen of the provider's health is not seen here."""
    shop.parts = dataclasses.replace(
        shop.parts, embedder=dataclasses.replace(shop.parts.embedder, health=PlayedHealth())
    )
    await ask_at(shop, double.url(fault))
    return await choose(shop, SMALL)


async def ask_at(shop: Shop, url: str, provider: str = "openai") -> None:
    parts = shop.parts
    key = SetProviderKey(provider=provider, key="sk-0123456789abcdef", base_url=url)
    await set_provider_key(
        key, shop.context, store=parts.store, providers=parts.completers, clock=parts.clock
    )


async def choose(shop: Shop, model: str, dimension: int | None = None) -> EmbeddingModelShown:
    parts = shop.parts
    return await set_embedding_model(
        SetEmbeddingModel(model=model, dimension=dimension),
        shop.context,
        embedder=parts.embedder,
        vectors=parts.vectors,
        store=parts.store,
        clock=parts.clock,
    )


async def try_once(shop: Shop, document: UUID) -> tuple[Document, float | None]:
    """One try of the work: the document then, and in how many seconds it is due again."""
    parts = shop.parts
    again = await process_document(
        ProcessDocument(document=document),
        shop.context,
        store=parts.store,
        keyring=parts.keyring,
        files=parts.files,
        extractor=parts.extractor,
        embedder=parts.embedder,
        vectors=parts.vectors,
        named=parts.named_documents,
        catalogue=parts.catalogue,
        progress=parts.progress,
        clock=parts.clock,
    )
    seconds = None if again is None else (again - parts.clock()).total_seconds()
    return await parts.store.load(Document, document, tenant=shop.context.tenant), seconds


async def metered_for(shop: Shop, document: UUID | None) -> list[Embedding.Metered]:
    """Calls for a document; None: all others."""
    events = [each.event async for each in shop.parts.store.events(shop.context.tenant)]
    return [each for each in events if isinstance(each, Embedding.Metered) and each.document == document]
