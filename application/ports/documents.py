"""Documents: their contents, their text, and what is found in them."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from application.ports.progress import TellProgress, untold
from domain.agents.chunk_sizes import ChunkSizes
from domain.models.completion import Passage, Source
from domain.retrieval.knowledge import USUAL
from domain.retrieval.synonyms import Groups
from domain.retrieval.unread import UnreadBecause


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document, ready for the index."""

    id: str
    ordinal: int
    page: int | None
    section: str | None
    tokens: int
    text: str
    embedding: Sequence[float]
    terms: str = ""
    """What it is found by beside its text, and no passage tells."""
    priority: int = USUAL
    last_page: int | None = None
    """Where it ends, unless that is the page where it begins."""


class KeptText(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk's text, out of the index."""

    ordinal: int
    id: str
    text: str


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """Passages, best first. `pending`: how many of the tenant's documents and knowledge entries waited to be processed, or were being so,
    when it began: nothing of them was found yet."""

    passages: Sequence[Passage]
    pending: int


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """Passages that have a question's words, those with most of them first: `scores`, 0 to 1 (all of them); `Passage.score` is the similarity
    as ever. `typed`: how much of the question's weight are numbers, order numbers and addresses that were found, 0 to 1."""

    passages: Sequence[Passage] = ()
    scores: Sequence[float] = ()
    typed: float = 0.0


class Searcher(Protocol):
    """What is found in the tenant's chunks."""

    async def search(
        self,
        tenant: UUID,
        embedding: Sequence[float],
        model: str,
        limit: int,
        among: Sequence[UUID] | None = None,
    ) -> Searched:
        """The nearest chunks, of these documents where they are given: always min(limit, number of chunks). Of no `embedding` none."""

    async def match(
        self,
        tenant: UUID,
        question: str,
        embedding: Sequence[float],
        model: str,
        limit: int,
        synonyms: Groups = (),
    ) -> Matched:
        """The chunks that have most of a question's words, or of what means the same, at most `limit`; `embedding` is the question's, for their similarity; none: 0."""

    async def pending(self, tenant: UUID) -> int:
        """As in Searched, at the moment."""


class Vectors(Searcher, Protocol):
    """The tenant's chunks, with their vectors and their words."""

    async def replace(
        self,
        tenant: UUID,
        document: UUID,
        title: str,
        model: str,
        chunks: Sequence[Chunk],
        instead_of: Sequence[UUID] = (),
        *,
        source: Source = "document",
        revision: int | None = None,
        came_at: datetime | None = None,
    ) -> None:
        """Put a document's chunks in the place of those that it had, and of those of other documents: a search finds either of them.

        `came_at`: when what they say came. `revision`: the version of the document's stream that they are made of. Raises Conflict, and changes nothing, where that has moved on.
        """

    async def delete(self, tenant: UUID, document: UUID, before: int | None = None) -> None:
        """`before`: only what was made of an earlier version of its stream."""

    async def index_words(self, tenant: UUID, after: UUID) -> UUID | None:
        """Make the next document whose words are not indexed by today's rules be found by them: of ids above `after` the least. None: there is none."""

    async def models(self, tenant: UUID) -> Mapping[str, int]:
        """Vector space → how many chunks have a vector of it."""

    async def lacking(
        self, tenant: UUID, model: str, limit: int, but: Sequence[UUID] = ()
    ) -> Sequence[tuple[UUID, Source]]:
        """Documents, and what is found like them, of which a chunk has no vector of the space `model`."""

    async def texts(self, tenant: UUID, document: UUID) -> Sequence[KeptText]:
        """Of its chunks, in order; none of one that was erased."""

    async def add(
        self, tenant: UUID, document: UUID, model: str, vectors: Mapping[tuple[int, str], Sequence[float]]
    ) -> None:
        """Vectors of another space beside those that are there, by ordinal and id of their chunks; of chunks that are others by now none."""

    async def keep_only(self, tenant: UUID, model: str) -> None:
        """Remove the vectors of all other spaces, and what is kept of them."""


class Incoming(Protocol):
    """A content that has come in, wherever it is kept."""

    @property
    def size(self) -> int: ...

    @property
    def digest(self) -> str:
        """SHA-256, hexadecimal."""

    def beginning(self, length: int) -> bytes:
        """The first bytes, `length` of at most 256 KiB."""

    def pieces(self) -> AsyncIterator[bytes]:
        """All of it, piece by piece."""


class Spool(Incoming, Protocol):
    """A content on its way in."""

    async def write(self, data: bytes) -> None: ...


class ContentSource(Protocol):
    """Images and files that a message names by address."""

    async def fetch(self, url: str, place: str, *, most: int) -> bytes:
        """At most `most` bytes, of a public address with https. Raises Invalid, which names the `place` in the request."""


class Files(Protocol):
    """Contents of documents, and of what a conversation has (its parts), encrypted under the key of whose they are, per tenant."""

    def spool(self) -> AbstractAsyncContextManager[Spool]:
        """A place for a content until it is known whose it is."""

    async def write(
        self, tenant: UUID, subject: UUID, content: AsyncIterable[bytes], part: UUID | None = None
    ) -> None:
        """Put the content in place whole or not at all. Raises Unavailable when there is no room for it."""

    def read(self, tenant: UUID, subject: UUID, part: UUID | None = None) -> AsyncIterator[bytes]:
        """The content, piece by piece. Raises NotFound."""

    async def has(self, tenant: UUID, subject: UUID) -> bool:
        """Whether the subject's file is there, whatever is in it."""

    async def delete(self, tenant: UUID, subject: UUID) -> None:
        """With all its parts."""

    async def delete_all(self, tenant: UUID) -> None:
        """Whatever there is of the tenant's."""


class ExtractedChunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document's text, with its vector where that was wanted. They come in order."""

    page: int
    section: str | None
    tokens: int
    text: str
    embedding: Sequence[float] = ()
    last_page: int | None = None
    """Where it ends, unless that is the page where it begins."""


class Extracted(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a file; the built-in model made the vectors, where they were wanted, and took `embedding_ms` for them."""

    pages: int
    chunks: list[ExtractedChunk]
    embedding_ms: float
    unread: Sequence[int] = ()
    """Numbers of pages that show something, but have no text that could be read."""
    unread_because: UnreadBecause = ""
    recognised: Sequence[int] = ()
    """Numbers of pages that are pictures whose text was read by OCR."""


class Extractor(Protocol):
    """Files to chunks, in processes with bounds on time and memory. Whoever is cancelled leaves none."""

    sample: int
    """Bytes of a file's beginning that are enough for `sniff`."""

    async def sniff(self, sample: bytes, size: int) -> str:
        """The media type by how a file of `size` bytes begins. Raises Invalid for what can't be read, with the types that can."""

    async def extract(
        self,
        content: AsyncIterable[bytes],
        media_type: str,
        *,
        sizes: ChunkSizes,
        embed: bool = True,
        told: TellProgress = untold,
    ) -> Extracted:
        """Text, cut into `sizes`, and embedded by the built-in model; `told` hears how far it is. Raises Refused with a reason for a person, Unavailable."""
