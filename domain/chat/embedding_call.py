"""A call of the embeddings API: which texts an app had embedded, by which model, at what cost. One stream a call; the vectors are on no record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from domain.base.aggregate import CreatedEvent
from domain.chat.of_user import CallOfUser, CallOfUserState
from domain.models.completion import Attempt
from domain.models.pricing import total


class EmbeddingCall(CallOfUser[CallOfUserState]):
    """Saved once, when it has ended, as a call of the completions API is (domain/chat/call.py)."""

    TOPIC = "embedding_call"
    State = CallOfUserState

    class Event(CallOfUser.Event, frozen=True, kw_only=True):
        pass

    class Requested(Event, CreatedEvent, frozen=True, kw_only=True):
        """`model` is what the app named; `user` is whom it named, as it did, `user_id` their id (domain/chat/end_user.py)."""

        TOPIC: ClassVar[str] = "embedding_call.requested"
        model: str
        texts: tuple[str, ...]
        dimensions: int | None = None
        user: str | None = None
        user_id: UUID | None = None

        def apply(self, aggregate: EmbeddingCall) -> None:
            aggregate.state.user_id = self.user_id

    class Metered(Event, frozen=True, kw_only=True):
        """The calls that were made, and what they cost; how many of the texts had their vectors from the cache. `failure`: why there are no
        vectors, None where there are. `reservations` held the cost in the budget meanwhile."""

        TOPIC: ClassVar[str] = "embedding_call.metered"
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("attempts",)
        space: str
        texts: int
        cached: int
        attempts: tuple[Attempt, ...]
        cost: Decimal
        reservations: tuple[UUID, ...] = ()
        failure: str | None = None
        latency_ms: float

    class Forgotten(Event, frozen=True, kw_only=True):
        """The last event: its user is to be erased. What is personal before it is blanked, the user's key destroyed."""

        TOPIC: ClassVar[str] = "embedding_call.forgotten"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: EmbeddingCall) -> None:
            aggregate.state.forgotten = True

    @classmethod
    def request(
        cls,
        id: UUID,
        *,
        model: str,
        texts: tuple[str, ...],
        dimensions: int | None,
        user: str | None,
        user_id: UUID | None,
        at: datetime,
    ) -> EmbeddingCall:
        facts = {"model": model, "texts": texts, "dimensions": dimensions}
        return cls.create(cls.Requested, id=id, at=at, user=user, user_id=user_id, **facts)

    def meter(
        self,
        *,
        space: str,
        texts: int,
        cached: int,
        attempts: Sequence[Attempt],
        reservations: Sequence[UUID],
        failure: str | None,
        latency_ms: float,
        at: datetime,
    ) -> None:
        """Record what was tried, what it cost, what held that in the budget, and how it ended."""
        facts = {"space": space, "texts": texts, "cached": cached, "failure": failure}
        facts |= {"attempts": tuple(attempts), "cost": total(attempts), "latency_ms": latency_ms}
        self.trigger(self.Metered, at=at, reservations=tuple(reservations), **facts)
