"""Orphaned costs: calls for an answer whose conversation was erased before they could be put on record in it. One stream an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent
from domain.models.completion import Attempt
from domain.models.pricing import total


class OrphanState(msgspec.Struct):
    pass


class Orphan(Aggregate[OrphanState]):
    """Nothing in it is personal."""

    TOPIC = "orphan"
    State = OrphanState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Metered(Event, CreatedEvent, frozen=True, kw_only=True):
        """What was tried for `interaction` and what it cost, in USD. `reservations` held the cost in the budget meanwhile."""

        TOPIC: ClassVar[str] = "orphan.metered"
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("attempts", "embeddings")
        interaction: UUID
        attempts: tuple[Attempt, ...]
        cost: Decimal
        reservations: tuple[UUID, ...] = ()
        embeddings: tuple[Attempt, ...] = ()
        """Calls of embedding models on the way to the prompt; part of the cost."""

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def meter(
        cls,
        id: UUID,
        interaction: UUID,
        attempts: Sequence[Attempt],
        reservations: Sequence[UUID],
        embeddings: Sequence[Attempt],
        at: datetime,
    ) -> Orphan:
        return cls.create(
            cls.Metered,
            id=id,
            at=at,
            interaction=interaction,
            attempts=tuple(attempts),
            cost=total((*attempts, *embeddings)),
            reservations=tuple(reservations),
            embeddings=tuple(embeddings),
        )
