"""A document of a tenant's: uploaded, processed into chunks, searched, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from domain.agents.chunk_sizes import ChunkSizes
from domain.base.aggregate import Aggregate, CreatedEvent
from domain.base.errors import NotFound, Refused
from domain.models.completion import Attempt
from domain.models.pricing import total
from domain.retrieval.unread import UnreadBecause

Status = Literal["pending", "processing", "completed", "failed", "deleted"]
LARGEST = 10 * 1024 * 1024
"""Bytes of one document."""


class DocumentState(msgspec.Struct):
    name: str = ""
    media_type: str = ""
    size: int = 0
    content_hash: str = ""
    name_key: UUID | None = None
    replaces: bool = False
    status: Status = "pending"
    revision: int = 1
    """Raised by each reprocessing; the pipeline's effects are saved under it."""

    cut: ChunkSizes | None = None
    """By which the chunks in the index were cut; None while there are none."""

    delayed_since: datetime | None = None
    delayed_by: str = ""
    """Why it waits while it is processed; empty where it does not."""


class Document(Aggregate[DocumentState]):
    TOPIC = "document"
    State = DocumentState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Uploaded(Event, CreatedEvent, frozen=True, kw_only=True):
        """`content_hash` is SHA-256 of the content, hexadecimal; the content itself lies in the file store.

        `name_key` is a keyed hash of the name. `replaces`: once completed it takes the place of all before it that have the same.
        """

        TOPIC: ClassVar[str] = "document.uploaded"
        class_version: ClassVar[int] = 2
        name: str
        media_type: str
        size: int
        content_hash: str
        name_key: UUID | None = None
        replaces: bool = False

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """Documents of the first version are not found by their names."""

        def apply(self, aggregate: Document) -> None:
            state = aggregate.state
            state.name, state.media_type = self.name, self.media_type
            state.size, state.content_hash = self.size, self.content_hash
            state.name_key, state.replaces = self.name_key, self.replaces

    class ProcessingStarted(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "document.processing_started"

        def apply(self, aggregate: Document) -> None:
            aggregate.state.status = "processing"

    class Processed(Event, frozen=True, kw_only=True):
        """Chunks are indexed and searchable. `took_ms` covers extraction to index; `cost` is that of the `embeddings`, in USD.

        Calls of embedding models at a provider are on records of their own; `reused`: of how many chunks the vectors were there before.
        `unread_pages` show something, but have no text that could be read, as scans have none that OCR can't read; `ocr_pages` have what OCR read;
        `cut`: the sizes that chunks were wanted in, by the agent's configuration then. Figures only: they outlive an erasure.
        """

        TOPIC: ClassVar[str] = "document.processed"
        class_version: ClassVar[int] = 6
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("embeddings",)
        pages: int
        chunks: int
        tokens: int
        embedding_model: str
        dimension: int
        cost: Decimal
        took_ms: float
        embeddings: tuple[Attempt, ...] = ()
        unread_pages: tuple[int, ...] = ()
        reused: int = 0
        unread_because: UnreadBecause = ""
        ocr_pages: tuple[int, ...] = ()
        cut: ChunkSizes = ChunkSizes()

        def charge(self) -> Decimal:
            return self.cost

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version has the embeddings' tokens and cost only."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version nothing was told of pages without text."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until version 3 all vectors were the built-in model's, and made each time."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until version 4 no page was read by OCR."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """Until version 5 all documents were cut by the sizes that are the defaults now."""

        def apply(self, aggregate: Document) -> None:
            aggregate.state.status, aggregate.state.cut = "completed", self.cut
            aggregate.state.delayed_since, aggregate.state.delayed_by = None, ""

    class ProcessingDelayed(Event, frozen=True, kw_only=True):
        """It is tried again by and by until it is completed, or has failed. `reason` is for a person."""

        TOPIC: ClassVar[str] = "document.processing_delayed"
        reason: str

        def apply(self, aggregate: Document) -> None:
            state = aggregate.state
            state.delayed_since, state.delayed_by = state.delayed_since or self.timestamp, self.reason

    class ProcessingFailed(Event, frozen=True, kw_only=True):
        """`reason` is for a person."""

        TOPIC: ClassVar[str] = "document.processing_failed"
        reason: str

        def apply(self, aggregate: Document) -> None:
            aggregate.state.status = "failed"
            aggregate.state.delayed_since, aggregate.state.delayed_by = None, ""

    class ReprocessingRequested(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "document.reprocessing_requested"

        def apply(self, aggregate: Document) -> None:
            aggregate.state.status = "pending"
            aggregate.state.revision += 1

    class Deleted(Event, frozen=True, kw_only=True):
        """The last event: name and content are to be erased. What is personal before it is blanked, its key destroyed."""

        TOPIC: ClassVar[str] = "document.deleted"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: Document) -> None:
            aggregate.state = DocumentState(status="deleted")

    @classmethod
    def upload(
        cls,
        id: UUID,
        *,
        name: str,
        media_type: str,
        size: int,
        content_hash: str,
        name_key: UUID | None = None,
        replaces: bool = False,
        at: datetime,
    ) -> Document:
        return cls.create(
            cls.Uploaded,
            id=id,
            at=at,
            name=name,
            media_type=media_type,
            size=size,
            content_hash=content_hash,
            name_key=name_key,
            replaces=replaces,
        )

    def start_processing(self, at: datetime) -> None:
        self._alive()
        if self.state.status != "processing":
            self.trigger(self.ProcessingStarted, at=at)

    def complete(
        self,
        *,
        pages: int,
        chunks: int,
        tokens: int,
        embedding_model: str,
        dimension: int,
        embeddings: Sequence[Attempt],
        took_ms: float,
        at: datetime,
        unread_pages: Sequence[int] = (),
        unread_because: UnreadBecause = "",
        ocr_pages: Sequence[int] = (),
        reused: int = 0,
        cut: ChunkSizes = ChunkSizes(),  # noqa: B008 - frozen
    ) -> None:
        self._processing()
        self.trigger(
            self.Processed,
            at=at,
            pages=pages,
            chunks=chunks,
            tokens=tokens,
            embedding_model=embedding_model,
            dimension=dimension,
            cost=total(embeddings),
            took_ms=took_ms,
            embeddings=tuple(embeddings),
            unread_pages=tuple(unread_pages),
            unread_because=unread_because,
            ocr_pages=tuple(ocr_pages),
            reused=reused,
            cut=cut,
        )

    def delay(self, reason: str, at: datetime) -> None:
        """It can't be gone on with now. What was told already is not told again."""
        self._processing()
        if self.state.delayed_by != reason:
            self.trigger(self.ProcessingDelayed, at=at, reason=reason)

    def fail(self, reason: str, at: datetime) -> None:
        self._processing()
        self.trigger(self.ProcessingFailed, at=at, reason=reason)

    def reprocess(self, at: datetime) -> None:
        self._alive()
        if self.state.status in ("pending", "processing"):
            raise Refused("the document is being processed; wait until it is completed or failed")
        self.trigger(self.ReprocessingRequested, at=at)

    def delete(self, at: datetime) -> None:
        self._alive()
        self.trigger(self.Deleted, at=at)

    def _alive(self) -> None:
        if self.state.status == "deleted":
            raise NotFound("this document was deleted")

    def _processing(self) -> None:
        self._alive()
        if self.state.status != "processing":
            raise Refused(f"the document is {self.state.status}, not being processed")
