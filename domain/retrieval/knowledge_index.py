"""What is found of a knowledge entry: of which of its changes, and what it cost to embed it. One stream an entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID, uuid5

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.models.completion import Attempt
from domain.models.pricing import total


class IndexState(msgspec.Struct):
    """`cost`: of all that was embedded of the entry so far, in USD."""

    entry: UUID = NIL
    revision: int = 0
    chunks: int = 0
    tokens: int = 0
    embedding_model: str | None = None
    cost: Decimal = Decimal(0)


class KnowledgeIndex(Aggregate[IndexState]):
    """Figures only: they outlive an erasure."""

    TOPIC = "knowledge_index"
    State = IndexState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "knowledge_index.begun"
        PERSONAL: ClassVar[bool] = False
        entry: UUID

        def apply(self, aggregate: KnowledgeIndex) -> None:
            aggregate.state.entry = self.entry

    class Placed(Event, frozen=True, kw_only=True):
        """The entry is found as it was at `revision`, the version of its stream."""

        TOPIC: ClassVar[str] = "knowledge_index.placed"
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("embeddings",)
        entry: UUID
        revision: int
        chunks: int
        tokens: int
        embedding_model: str
        embeddings: tuple[Attempt, ...]
        cost: Decimal

        def apply(self, aggregate: KnowledgeIndex) -> None:
            state = aggregate.state
            state.revision, state.chunks, state.tokens = self.revision, self.chunks, self.tokens
            state.embedding_model, state.cost = self.embedding_model, state.cost + self.cost

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def begin(cls, entry: UUID, at: datetime) -> KnowledgeIndex:
        return cls.create(cls.Begun, id=index_of(entry), at=at, entry=entry)

    def place(
        self,
        revision: int,
        *,
        chunks: int,
        tokens: int,
        model: str,
        embeddings: Sequence[Attempt],
        at: datetime,
        paid: Decimal = Decimal(0),
    ) -> None:
        """`paid`: for calls on records of their own."""
        cost = total(embeddings) + paid
        facts = {"chunks": chunks, "tokens": tokens, "embedding_model": model, "cost": cost}
        calls = {"entry": self.state.entry, "revision": revision, "embeddings": tuple(embeddings)}
        self.trigger(self.Placed, at=at, **facts, **calls)


_NAMESPACE = UUID("5b0a3a4e-3b0f-4f57-9a0e-6d8d0b6f2f11")


def index_of(entry: UUID) -> UUID:
    """The stream of an entry's index."""
    return uuid5(_NAMESPACE, entry.hex)
