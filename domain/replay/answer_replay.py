"""A replay of answers for which models were asked: what it cost, in a stream of its own. Nothing of what was replayed is in it."""

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


class AnswerReplayState(msgspec.Struct):
    cost: Decimal = Decimal(0)


class AnswerReplay(Aggregate[AnswerReplayState]):
    """One stream a replay."""

    TOPIC = "replay"
    State = AnswerReplayState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        PERSONAL: ClassVar[bool] = False

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        """`source`: by what it answers; `variant`: the digest of the variant, where it is one. The answers are those from `since` until before `until`."""

        TOPIC: ClassVar[str] = "replay.begun"
        source: str
        variant: str | None
        since: datetime | None
        until: datetime | None

    class Metered(Event, frozen=True, kw_only=True):
        """What was asked to answer the recorded interaction `replayed` once more, as `interaction`, and what it cost."""

        TOPIC: ClassVar[str] = "replay.metered"
        METERS: ClassVar[tuple[str, ...]] = ("attempts", "embeddings")
        interaction: UUID
        replayed: UUID
        attempts: tuple[Attempt, ...]
        embeddings: tuple[Attempt, ...]
        reservations: tuple[UUID, ...]
        cost: Decimal

        def apply(self, aggregate: AnswerReplay) -> None:
            aggregate.state.cost += self.cost

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def begin(
        cls,
        id: UUID,
        *,
        source: str,
        variant: str | None,
        since: datetime | None,
        until: datetime | None,
        at: datetime,
    ) -> AnswerReplay:
        return cls.create(cls.Begun, id=id, at=at, source=source, variant=variant, since=since, until=until)

    def meter(
        self,
        interaction: UUID,
        replayed: UUID,
        *,
        attempts: Sequence[Attempt],
        embeddings: Sequence[Attempt],
        reservations: Sequence[UUID],
        at: datetime,
    ) -> None:
        self.trigger(
            self.Metered,
            at=at,
            interaction=interaction,
            replayed=replayed,
            attempts=tuple(attempts),
            embeddings=tuple(embeddings),
            reservations=tuple(reservations),
            cost=total((*attempts, *embeddings)),
        )
