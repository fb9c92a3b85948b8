"""Chunks of a document as they are in the index: looked at, counted, gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import msgspec


class KeptChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk of a document as it is in the index, without its vector. `last_page`: where it ends, unless that is the page where it begins."""

    id: str
    ordinal: int
    page: int | None
    last_page: int | None
    section: str | None
    tokens: int
    text: str


class ChunkStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Of a document's chunks; `smallest`, `largest` and `average` in tokens, 0 where there are none."""

    chunks: int
    tokens: int
    smallest: int
    largest: int
    average: float


class Remains(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of a document in the index: rows of each kind. `words`: of those by which words are found."""

    chunks: int
    vectors: int
    words: int
    embeddings: int

    def __bool__(self) -> bool:
        return bool(self.chunks or self.vectors or self.words or self.embeddings)


class Chunks(Protocol):
    """A document's chunks as they are in the index, looked at and counted."""

    async def page(self, tenant: UUID, document: UUID, after: int, limit: int) -> Sequence[KeptChunk]:
        """Those of ordinals above `after`, in order; none of one that was erased."""

    async def statistics(self, tenant: UUID, document: UUID) -> ChunkStatistics: ...

    async def remains(self, tenant: UUID, document: UUID) -> Remains: ...
