"""An evaluation: a variant of the agent over the cases of a dataset, beside a baseline, case by case, to a report that a deployment may rest on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Self
from uuid import UUID

from msgspec.structs import replace

from domain.answers.variant import Variant
from domain.base.aggregate import NIL, Aggregate, CreatedEvent, Quote
from domain.base.errors import Refused
from domain.learning.evaluation_state import Baseline as Baseline
from domain.learning.evaluation_state import EvaluationState as EvaluationState
from domain.learning.evaluation_state import Open as Open
from domain.learning.evaluation_state import Pace as Pace
from domain.learning.recommending import Minimum
from domain.learning.report import Report
from domain.learning.result import Arm, Result
from domain.models.completion import Attempt
from domain.models.pricing import total


class Evaluation(Aggregate[EvaluationState]):
    """Figures outlive their cases' customers; the answers' texts are each customer's, and go with their key."""

    TOPIC = "evaluation"
    State = EvaluationState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        PERSONAL: ClassVar[bool] = False

    class Requested(Event, CreatedEvent, frozen=True, kw_only=True):
        """`dataset_version` is frozen. `judge`: provider/model that marks the answers; None: nobody does. `most`: USD that it may cost in all."""

        TOPIC: ClassVar[str] = "evaluation.requested"
        name: str
        variant: Variant
        dataset: UUID
        dataset_version: int
        baseline: Baseline | None
        judge: str | None
        minimum: Minimum
        pace: Pace
        most: Decimal | None
        cases: int

        def apply(self, aggregate: Evaluation) -> None:
            state = aggregate.state
            state.name, state.variant, state.baseline = self.name, self.variant, self.baseline
            state.dataset, state.dataset_version = self.dataset, self.dataset_version
            state.judge, state.minimum, state.pace, state.most = (
                self.judge,
                self.minimum,
                self.pace,
                self.most,
            )
            state.cases, state.requested_at = self.cases, self.timestamp

    class TrialBegun(Event, frozen=True, kw_only=True):
        """A model is about to be asked. `lost`: what the trial `interaction` is charged if its process ends before its answer is on record:
        its prompt, by our own count."""

        TOPIC: ClassVar[str] = "evaluation.trial_begun"
        interaction: UUID
        case: UUID
        arm: Arm
        lost: tuple[Attempt, ...]

        def apply(self, aggregate: Evaluation) -> None:
            state = aggregate.state
            state.open = {**state.open, self.interaction: Open(case=self.case, arm=self.arm, lost=self.lost)}
            state.status, state.reason = "running", None

    class TrialEnded(Event, frozen=True, kw_only=True):
        """The case has its result. `marking`: calls of the judge. `reservations` held the cost in the budget meanwhile."""

        TOPIC: ClassVar[str] = "evaluation.trial_ended"
        METERS: ClassVar[tuple[str, ...]] = ("attempts", "embeddings", "marking")
        interaction: UUID
        case: UUID
        arm: Arm
        result: Result
        configuration_version: int
        attempts: tuple[Attempt, ...]
        embeddings: tuple[Attempt, ...]
        marking: tuple[Attempt, ...]
        reservations: tuple[UUID, ...]
        cost: Decimal

        def apply(self, aggregate: Evaluation) -> None:
            state = aggregate.state
            aggregate._close(self.interaction, self.cost)
            state.done.add(place(self.arm, self.case))
            known = state.configurations
            if self.configuration_version not in known:
                state.configurations = (*known, self.configuration_version)

    class Answered(Event, frozen=True, kw_only=True):
        """What the answer said, and why the judge marked it so. `source`: the case's conversation, or the dataset of one that has none; the words
        are under its key. None: recorded under the tenant's. `text` None: they were erased."""

        TOPIC: ClassVar[str] = "evaluation.answered"
        MACHINE_MADE: ClassVar[bool] = True
        class_version = 2
        QUOTES: ClassVar[bool] = True
        case: UUID
        arm: Arm
        source: UUID | None = None
        text: str | None
        because: str | None = None

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            quote = Quote(subject=self.source or NIL, place=0, texts=(self.text, self.because))
            return replace(self, text=None, because=None), (quote,)

        def attach(self, quotes: Sequence[Quote]) -> Self:
            texts = quotes[0].texts if quotes else None
            text, because = (None, None) if texts is None else texts
            return replace(self, text=text, because=because)

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            facts["source"] = facts.pop("conversation", None)

    class TrialFailed(Event, frozen=True, kw_only=True):
        """It came to no result: no model answered (`counts`), the budget had no room, or its process was told to stop. It is tried again."""

        TOPIC: ClassVar[str] = "evaluation.trial_failed"
        METERS: ClassVar[tuple[str, ...]] = ("attempts", "embeddings")
        interaction: UUID
        case: UUID
        arm: Arm
        counts: bool
        attempts: tuple[Attempt, ...]
        embeddings: tuple[Attempt, ...]
        reservations: tuple[UUID, ...]
        cost: Decimal

        def apply(self, aggregate: Evaluation) -> None:
            state, at = aggregate.state, place(self.arm, self.case)
            aggregate._close(self.interaction, self.cost)
            if self.counts:
                state.failures = {**state.failures, at: state.failures.get(at, 0) + 1}

    class TrialInterrupted(Event, frozen=True, kw_only=True):
        """Its process ended before its answer was on record: what it surely cost, by our own count. It is tried again."""

        TOPIC: ClassVar[str] = "evaluation.trial_interrupted"
        METERS: ClassVar[tuple[str, ...]] = ("attempts",)
        interaction: UUID
        case: UUID
        arm: Arm
        attempts: tuple[Attempt, ...]
        cost: Decimal

        def presumed(self) -> bool:
            return True

        def apply(self, aggregate: Evaluation) -> None:
            aggregate._close(self.interaction, self.cost)
            aggregate.state.interrupted += 1

    class Paused(Event, frozen=True, kw_only=True):
        """It goes on by itself, at `until` at the earliest."""

        TOPIC: ClassVar[str] = "evaluation.paused"
        reason: str
        until: datetime

        def apply(self, aggregate: Evaluation) -> None:
            aggregate.state.status, aggregate.state.reason = "paused", self.reason

    class Finished(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "evaluation.finished"
        report: Report

        def apply(self, aggregate: Evaluation) -> None:
            state = aggregate.state
            state.report, state.erased = self.report, self.report.erased
            state.status, state.reason, state.ended_at = "finished", None, self.timestamp

    class Stopped(Event, frozen=True, kw_only=True):
        """For good, without a report."""

        TOPIC: ClassVar[str] = "evaluation.stopped"
        reason: str

        def apply(self, aggregate: Evaluation) -> None:
            state = aggregate.state
            state.status, state.reason, state.ended_at = "stopped", self.reason, self.timestamp

    @property
    def subject(self) -> UUID:
        return NIL

    @property
    def over(self) -> bool:
        return self.state.status in ("finished", "stopped")

    @property
    def passed(self) -> bool:
        return self.state.report is not None and self.state.report.passed

    @property
    def arms(self) -> tuple[Arm, ...]:
        """That are asked; the baseline's results may be there already."""
        baseline = self.state.baseline
        return (
            ("candidate", "baseline")
            if baseline is not None and baseline.variant is not None
            else ("candidate",)
        )

    @property
    def trials(self) -> int:
        """That it takes in all."""
        return self.state.cases * len(self.arms)

    def variant_of(self, arm: Arm) -> Variant:
        baseline = self.state.baseline
        if arm == "candidate" or baseline is None or baseline.variant is None:
            return self.state.variant
        return baseline.variant

    @classmethod
    def request(
        cls,
        id: UUID,
        *,
        name: str,
        variant: Variant,
        dataset: UUID,
        dataset_version: int,
        baseline: Baseline | None,
        judge: str | None,
        minimum: Minimum,
        pace: Pace,
        most: Decimal | None,
        cases: int,
        at: datetime,
    ) -> Evaluation:
        return cls.create(
            cls.Requested,
            id=id,
            at=at,
            name=name,
            variant=variant,
            dataset=dataset,
            dataset_version=dataset_version,
            baseline=baseline,
            judge=judge,
            minimum=minimum,
            pace=pace,
            most=most,
            cases=cases,
        )

    def begin_trial(
        self, interaction: UUID, case: UUID, arm: Arm, lost: Sequence[Attempt], at: datetime
    ) -> None:
        """Raises Refused where it is over, or the case has its result."""
        self._check_running()
        if place(arm, case) in self.state.done:
            raise Refused("this case has its result")
        self.trigger(self.TrialBegun, at=at, interaction=interaction, case=case, arm=arm, lost=tuple(lost))

    def end_trial(
        self,
        interaction: UUID,
        case: UUID,
        arm: Arm,
        result: Result,
        *,
        configuration_version: int,
        attempts: Sequence[Attempt],
        embeddings: Sequence[Attempt],
        marking: Sequence[Attempt],
        reservations: Sequence[UUID],
        at: datetime,
    ) -> None:
        """Raises Refused where the trial is closed already."""
        self._check_open(interaction)
        self.trigger(
            self.TrialEnded,
            at=at,
            interaction=interaction,
            case=case,
            arm=arm,
            result=result,
            configuration_version=configuration_version,
            attempts=tuple(attempts),
            embeddings=tuple(embeddings),
            marking=tuple(marking),
            reservations=tuple(reservations),
            cost=total((*attempts, *embeddings, *marking)),
        )

    def tell(
        self, case: UUID, arm: Arm, text: str, because: str | None, conversation: UUID | None, at: datetime
    ) -> None:
        """Keep what an answer said, for as long as there is what it was asked with."""
        source = conversation or self.state.dataset
        self.trigger(self.Answered, at=at, case=case, arm=arm, text=text, because=because, source=source)

    def fail_trial(
        self,
        interaction: UUID,
        case: UUID,
        arm: Arm,
        *,
        counts: bool,
        attempts: Sequence[Attempt],
        embeddings: Sequence[Attempt],
        reservations: Sequence[UUID],
        at: datetime,
    ) -> None:
        """Also where it was closed meanwhile: what it has cost counts."""
        open = interaction in self.state.open
        self.trigger(
            self.TrialFailed,
            at=at,
            interaction=interaction,
            case=case,
            arm=arm,
            counts=counts and open,
            attempts=tuple(attempts),
            embeddings=tuple(embeddings),
            reservations=tuple(reservations),
            cost=total((*attempts, *embeddings)),
        )

    def interrupt(self, at: datetime) -> None:
        """Close all trials that are open: whoever had them is gone."""
        for interaction, open in self.state.open.items():
            self.trigger(
                self.TrialInterrupted,
                at=at,
                interaction=interaction,
                case=open.case,
                arm=open.arm,
                attempts=open.lost,
                cost=total(open.lost),
            )

    def pause(self, reason: str, until: datetime, at: datetime) -> None:
        if not self.over and self.state.reason != reason:
            self.trigger(self.Paused, at=at, reason=reason, until=until)

    def finish(self, report: Report, at: datetime) -> None:
        self._check_running()
        self.trigger(self.Finished, at=at, report=report)

    def stop(self, reason: str, at: datetime) -> None:
        """Raises Refused where it is over. Trials that are under way end by themselves, or are closed by who looks for them."""
        self._check_running()
        self.trigger(self.Stopped, at=at, reason=reason)

    def _close(self, interaction: UUID, cost: Decimal) -> None:
        self.state.open = {id: open for id, open in self.state.open.items() if id != interaction}
        self.state.spent += cost

    def _check_running(self) -> None:
        if self.over:
            raise Refused(f"this evaluation is {self.state.status}; begin another one")

    def _check_open(self, interaction: UUID) -> None:
        self._check_running()
        if interaction not in self.state.open:
            raise Refused("this trial was closed meanwhile: another process has taken the evaluation over")


def place(arm: Arm, case: UUID) -> str:
    """Names an arm of a case."""
    return f"{arm}/{case.hex}"
