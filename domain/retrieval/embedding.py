"""A call of an embedding model that stands for itself, as a search's: what it used and cost. One stream a call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.models.completion import Attempt
from domain.models.pricing import total

Purpose = Literal["search", "question", "index", "document", "check"]
"""What was embedded for: a search; the questions of an answer, or a text for the index, that came to nothing else on record; passages of a
document, or of an entry, by a provider's model; to see whether a model answers."""


class EmbeddingState(msgspec.Struct):
    pass


class Embedding(Aggregate[EmbeddingState]):
    """Nothing in it is personal."""

    TOPIC = "embedding"
    State = EmbeddingState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Metered(Event, CreatedEvent, frozen=True, kw_only=True):
        """`document`: whose passages it was for. `reservations`: what held, or had held, what it may cost."""

        TOPIC: ClassVar[str] = "embedding.metered"
        class_version: ClassVar[int] = 3
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("attempts",)
        purpose: Purpose
        attempts: tuple[Attempt, ...]
        cost: Decimal
        document: UUID | None = None
        reservations: tuple[UUID, ...] = ()

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version knew fewer purposes."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until version 2 nothing was reserved for embeddings, and those of documents were on record with these."""

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def meter(
        cls,
        id: UUID,
        purpose: Purpose,
        attempts: Sequence[Attempt],
        at: datetime,
        *,
        document: UUID | None = None,
        reservations: Sequence[UUID] = (),
    ) -> Embedding:
        return cls.create(
            cls.Metered,
            id=id,
            at=at,
            purpose=purpose,
            attempts=tuple(attempts),
            cost=total(attempts),
            document=document,
            reservations=tuple(reservations),
        )
