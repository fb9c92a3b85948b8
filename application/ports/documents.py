"""Documents: their contents, their text, and what is found in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from domain.completion import Passage


class Embedder(Protocol):
    """Texts to unit vectors."""

    model: str
    dimension: int

    async def embed(self, texts: Sequence[str]) -> list[list[float]]: ...

    def count_tokens(self, text: str) -> int: ...


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document, ready for the index."""

    id: str
    ordinal: int
    page: int | None
    section: str | None
    tokens: int
    text: str
    embedding: list[float]


class Vectors(Protocol):
    """The tenant's chunks and their vectors."""

    async def replace(
        self, tenant: UUID, document: UUID, title: str, model: str, chunks: Sequence[Chunk]
    ) -> None:
        """Put a document's chunks in the place of those that it had."""

    async def search(self, tenant: UUID, embedding: Sequence[float], model: str, limit: int) -> list[Passage]:
        """The nearest chunks, best first: always min(limit, number of chunks)."""

    async def delete(self, tenant: UUID, document: UUID) -> None: ...


class Files(Protocol):
    """Contents of documents, encrypted, per tenant."""

    async def write(self, tenant: UUID, document: UUID, content: bytes) -> None: ...

    async def read(self, tenant: UUID, document: UUID) -> bytes:
        """Raises NotFound."""

    async def delete(self, tenant: UUID, document: UUID) -> None: ...


class ExtractedPage(msgspec.Struct, frozen=True):
    number: int
    text: str


class Extractor(Protocol):
    def sniff(self, content: bytes) -> str:
        """The media type by content. Raises Invalid for what can't be read, with the types that can."""

    async def extract(self, content: bytes, media_type: str) -> Sequence[ExtractedPage]:
        """Raises Refused with a reason for a person."""
