"""A replay of answers for which models are asked, in a stream of its own: each answer on record before its call, then what came of it and what it cost.

Nothing is written to what is replayed. Texts are each customer's, and go with their key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self
from uuid import UUID

from msgspec.structs import asdict, replace

from domain.answers.variant import Variant
from domain.base.aggregate import NIL, Aggregate, CreatedEvent, Quote
from domain.base.errors import Refused
from domain.models.completion import Attempt
from domain.models.pricing import total
from domain.replay.answer_replay_state import AnswerReplayState, Made, Open, Plan


class AnswerReplay(Aggregate[AnswerReplayState]):
    """One stream a replay."""

    TOPIC = "replay"
    State = AnswerReplayState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        PERSONAL: ClassVar[bool] = False

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        """`source`: by what it answers; `variant`: the digest of the `agent`, where that is a variant. The answers are the first `limit` from `since`
        until before `until`, up to position `head`; None: an earlier version, which can't be gone on with."""

        TOPIC: ClassVar[str] = "replay.begun"
        class_version = 2
        source: str
        variant: str | None
        since: datetime | None
        until: datetime | None
        agent: Variant | None = None
        limit: int | None = None
        head: int | None = None

        def apply(self, aggregate: AnswerReplay) -> None:
            if self.limit is None or self.head is None:
                return
            aggregate.state.plan = Plan(
                source=self.source,
                agent=self.agent,
                since=self.since,
                until=self.until,
                limit=self.limit,
                head=self.head,
            )

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            facts.update(agent=None, limit=None, head=None)

    class Resumed(Event, frozen=True, kw_only=True):
        """It is gone on with; whoever had it before makes no other answer."""

        TOPIC: ClassVar[str] = "replay.resumed"

        def apply(self, aggregate: AnswerReplay) -> None:
            aggregate.state.runs += 1

    class TrialBegun(Event, frozen=True, kw_only=True):
        """A model is about to be asked to answer the recorded interaction `replayed` once more, as `interaction`. `lost`: what is charged if its
        process ends before what came of it is on record: its prompt, by our own count."""

        TOPIC: ClassVar[str] = "replay.trial_begun"
        interaction: UUID
        replayed: UUID
        lost: tuple[Attempt, ...]

        def apply(self, aggregate: AnswerReplay) -> None:
            state = aggregate.state
            state.open = {**state.open, self.interaction: Open(replayed=self.replayed, lost=self.lost)}

    class TrialInterrupted(Event, frozen=True, kw_only=True):
        """Its process ended before what came of it was on record: what it surely cost, by our own count. It is not asked again."""

        TOPIC: ClassVar[str] = "replay.trial_interrupted"
        METERS: ClassVar[tuple[str, ...]] = ("attempts",)
        interaction: UUID
        replayed: UUID
        attempts: tuple[Attempt, ...]
        cost: Decimal

        def presumed(self) -> bool:
            return True

        def apply(self, aggregate: AnswerReplay) -> None:
            aggregate._close(self.interaction, self.cost)

    class Metered(Event, frozen=True, kw_only=True):
        """What was asked to answer the recorded interaction `replayed` once more, as `interaction`, what it cost, and the `answer` that it came to;
        None: to none that counts."""

        TOPIC: ClassVar[str] = "replay.metered"
        MACHINE_MADE: ClassVar[bool] = True
        class_version = 6
        METERS: ClassVar[tuple[str, ...]] = ("attempts", "embeddings")
        QUOTES: ClassVar[bool] = True
        interaction: UUID
        replayed: UUID
        attempts: tuple[Attempt, ...]
        embeddings: tuple[Attempt, ...]
        reservations: tuple[UUID, ...]
        cost: Decimal
        answer: Made | None = None

        def apply(self, aggregate: AnswerReplay) -> None:
            aggregate._close(self.interaction, self.cost)

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            if self.answer is None or self.answer.text is None:
                return self, ()
            quote = Quote(subject=self.answer.customer, place=0, texts=(self.answer.text,))
            return replace(self, answer=replace(self.answer, text=None)), (quote,)

        def attach(self, lent: Sequence[Quote]) -> Self:
            texts = lent[0].texts if lent else None
            if self.answer is None or texts is None:
                return self
            return replace(self, answer=replace(self.answer, text=texts[0]))

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            facts["answer"] = None

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until the second version all that was cited were documents."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """Until the third version a citation told the page alone where its passage begins."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """Until version 4 no passage was from the internet."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """Until version 5 no passage was of a customer's purchases."""

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def begin(cls, id: UUID, plan: Plan, at: datetime) -> AnswerReplay:
        variant = None if plan.agent is None else plan.agent.digest
        return cls.create(cls.Begun, id=id, at=at, variant=variant, **asdict(plan))

    def resume(self, at: datetime) -> Plan:
        """Go on with it: what was under way is closed. Raises Refused."""
        if self.state.plan is None:
            raise Refused(
                "this replay was begun by an earlier version, which has not kept how; begin another one"
            )
        self.interrupt(at)
        self.trigger(self.Resumed, at=at)
        return self.state.plan

    def begin_trial(
        self, interaction: UUID, replayed: UUID, lost: Sequence[Attempt], *, run: int, at: datetime
    ) -> None:
        """Raises Refused where somebody else has gone on with it since this `run`."""
        if run != self.state.runs:
            raise Refused("another process has gone on with this replay")
        self.trigger(self.TrialBegun, at=at, interaction=interaction, replayed=replayed, lost=tuple(lost))

    def meter(
        self,
        interaction: UUID,
        replayed: UUID,
        *,
        attempts: Sequence[Attempt],
        embeddings: Sequence[Attempt],
        reservations: Sequence[UUID],
        answer: Made | None,
        at: datetime,
    ) -> None:
        """Also where it was closed meanwhile: what it has cost counts, its answer does not."""
        self.trigger(
            self.Metered,
            at=at,
            interaction=interaction,
            replayed=replayed,
            attempts=tuple(attempts),
            embeddings=tuple(embeddings),
            reservations=tuple(reservations),
            cost=total((*attempts, *embeddings)),
            answer=answer if interaction in self.state.open else None,
        )

    def interrupt(self, at: datetime) -> None:
        """Close all that is open: whoever had it is gone."""
        for interaction, open in self.state.open.items():
            self.trigger(
                self.TrialInterrupted,
                at=at,
                interaction=interaction,
                replayed=open.replayed,
                attempts=open.lost,
                cost=total(open.lost),
            )

    def _close(self, interaction: UUID, cost: Decimal) -> None:
        self.state.open = {id: open for id, open in self.state.open.items() if id != interaction}
        self.state.cost += cost
