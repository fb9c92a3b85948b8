"""Texts that are found, without the file that they would be from."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from application.ports import Chunk
from domain.retrieval.embedding_model import LOCAL
from tests.application.conftest import Shop


async def index_texts(shop: Shop, texts: Sequence[str]) -> None:
    """One document of these passages, embedded by the real embedder."""
    parts, document = shop.parts, uuid4()
    await parts.keyring.make(shop.context.tenant, document)
    chunks = []
    for ordinal, text in enumerate(texts):
        async with parts.embedder.metering(shop.context, "search") as meter:
            (vector,) = await meter.embed([text])
        chunks.append(
            Chunk(
                id=f"p{ordinal}", ordinal=ordinal, page=1, section=None, tokens=9, text=text, embedding=vector
            )
        )
    await parts.vectors.replace(shop.context.tenant, document, "list", LOCAL, chunks)
