"""A shadow answer: what a deployment's candidate would have said to a customer, who never sees it, beside what they were told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self
from uuid import UUID, uuid5

import mmh3
import msgspec

from domain.base.aggregate import NIL, Aggregate, CreatedEvent, Quote
from domain.models.completion import Attempt
from domain.models.pricing import total


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two answers. `cost` in USD, `latency_ms` from the question to its end. `handoff`: a person was to take over; `failed`: there
    was no answer."""

    cost: Decimal
    latency_ms: float
    handoff: bool
    failed: bool = False


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that were made for it, and what held their cost in the budget meanwhile."""

    attempts: tuple[Attempt, ...]
    embeddings: tuple[Attempt, ...]
    reservations: tuple[UUID, ...]

    def facts(self) -> dict[str, Any]:
        return {**msgspec.structs.asdict(self), "cost": total((*self.attempts, *self.embeddings))}


class ShadowState(msgspec.Struct):
    deployment: UUID = NIL
    interaction: UUID = NIL


class Shadow(Aggregate[ShadowState]):
    """One for each deployment and interaction, beside those with what is begun, or was spent for nothing."""

    TOPIC = "shadow"
    State = ShadowState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Compared(Event, CreatedEvent, frozen=True, kw_only=True):
        """`told` is what the customer got, in the event at `position`; `tried` what the candidate came to, whose calls are on record here.
        `same`: but for markers, spaces and case. The `text` belongs to the `conversation`, and goes with it; of a call of the completions API that is
        the app's user, or the call."""

        TOPIC: ClassVar[str] = "shadow.compared"
        MACHINE_MADE: ClassVar[bool] = True
        PERSONAL: ClassVar[bool] = False
        QUOTES: ClassVar[bool] = True
        METERS: ClassVar[tuple[str, ...]] = ("attempts", "embeddings")
        deployment: UUID
        interaction: UUID
        conversation: UUID
        position: int
        told: Side
        tried: Side
        same: bool
        attempts: tuple[Attempt, ...]
        cost: Decimal
        reservations: tuple[UUID, ...] = ()
        embeddings: tuple[Attempt, ...] = ()
        text: str | None = None

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            if self.text is None:
                return self, ()
            quote = Quote(subject=self.conversation, place=0, texts=(self.text,))
            return msgspec.structs.replace(self, text=None), (quote,)

        def attach(self, lent: Sequence[Quote]) -> Self:
            texts = lent[0].texts if lent else None
            return self if texts is None else msgspec.structs.replace(self, text=texts[0])

        def apply(self, aggregate: Shadow) -> None:
            aggregate.state.deployment, aggregate.state.interaction = self.deployment, self.interaction

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        """A model is about to be asked for `interaction`. `lost`: what is charged if its process ends before what came of it is on record: its
        prompt, by our own count."""

        TOPIC: ClassVar[str] = "shadow.begun"
        PERSONAL: ClassVar[bool] = False
        deployment: UUID
        interaction: UUID
        lost: tuple[Attempt, ...]

        def apply(self, aggregate: Shadow) -> None:
            aggregate.state.deployment, aggregate.state.interaction = self.deployment, self.interaction

    class Metered(Event, CreatedEvent, frozen=True, kw_only=True):
        """What was spent for `interaction` came to nothing that could be compared: the budget had no room, or it was cut off. `lost`: its process
        ended, so that this is what it surely cost, by our own count; it is not asked again."""

        TOPIC: ClassVar[str] = "shadow.metered"
        class_version = 2
        PERSONAL: ClassVar[bool] = False
        METERS: ClassVar[tuple[str, ...]] = ("attempts", "embeddings")
        deployment: UUID
        interaction: UUID
        attempts: tuple[Attempt, ...]
        cost: Decimal
        reservations: tuple[UUID, ...] = ()
        embeddings: tuple[Attempt, ...] = ()
        lost: bool = False

        def presumed(self) -> bool:
            return self.lost

        def apply(self, aggregate: Shadow) -> None:
            aggregate.state.deployment, aggregate.state.interaction = self.deployment, self.interaction

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            facts["lost"] = False

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def id_of(cls, deployment: UUID, interaction: UUID) -> UUID:
        """There is one at most."""
        return uuid5(deployment, interaction.hex)

    @classmethod
    def begin(
        cls, id: UUID, deployment: UUID, interaction: UUID, lost: Sequence[Attempt], at: datetime
    ) -> Shadow:
        facts = {"deployment": deployment, "interaction": interaction, "lost": tuple(lost)}
        return cls.create(cls.Begun, id=id, at=at, **facts)

    @classmethod
    def lose(cls, begun: Shadow.Begun, at: datetime) -> Shadow:
        """Of one that was begun, and came to nothing on record. There is one at most: its id follows from what was begun."""
        facts = {"deployment": begun.deployment, "interaction": begun.interaction, "lost": True}
        id, cost = uuid5(begun.originator_id, "lost"), total(begun.lost)
        return cls.create(cls.Metered, id=id, at=at, attempts=begun.lost, cost=cost, **facts)

    @classmethod
    def compare(
        cls,
        deployment: UUID,
        interaction: UUID,
        conversation: UUID,
        *,
        position: int,
        told: Side,
        tried: Side,
        same: bool,
        text: str | None,
        spent: Spent,
        at: datetime,
    ) -> Shadow:
        return cls.create(
            cls.Compared,
            id=cls.id_of(deployment, interaction),
            at=at,
            deployment=deployment,
            interaction=interaction,
            conversation=conversation,
            position=position,
            told=told,
            tried=tried,
            same=same,
            text=text,
            **spent.facts(),
        )

    @classmethod
    def meter(cls, id: UUID, deployment: UUID, interaction: UUID, spent: Spent, at: datetime) -> Shadow:
        facts = {"deployment": deployment, "interaction": interaction}
        return cls.create(cls.Metered, id=id, at=at, **facts, **spent.facts())


def shadows(deployment: UUID, conversation: UUID, share: float) -> bool:
    """Whether a conversation is in the share that is shadowed: by its id alone, apart from flags and splits."""
    return mmh3.hash(f"shadow:{deployment}:{conversation}", signed=False) / 2**32 < share
