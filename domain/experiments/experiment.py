"""An experiment: several variants of the agent at once, each for a part of the customers, compared by what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal

import msgspec

from domain.answers.split import Arm
from domain.base.aggregate import Aggregate, CreatedEvent
from domain.base.errors import Invalid, Refused
from domain.experiments.design import Design
from domain.experiments.verdict import Verdict, Why, decide, reason_of

Status = Literal["draft", "running", "stopped", "concluded"]

NOT_YET = Design(name="-", arms=(Arm(name="a", share=0.5), Arm(name="b", share=0.5)))


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """Why nobody gets its arms any more; `arm`: for which one, where it was stopped by what came of it."""

    why: Why
    reason: str
    arm: str | None = None
    at: datetime


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """`winner`: the arm; None: there is none."""

    winner: str | None
    reason: str
    at: datetime


class ExperimentState(msgspec.Struct):
    design: Design = NOT_YET
    status: Status = "draft"
    traffic: float = 1.0
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended: Ended | None = None
    conclusion: Conclusion | None = None
    verdicts: tuple[Verdict, ...] = ()
    """Of the decision that ended it."""


class Experiment(Aggregate[ExperimentState]):
    """A draft, then running, then stopped, then concluded. While it runs its split is served, with the aggregate's id."""

    TOPIC = "experiment"
    State = ExperimentState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "experiment.created"
        PERSONAL: ClassVar[bool] = False
        design: Design

        def apply(self, aggregate: Experiment) -> None:
            state = aggregate.state
            state.design, state.traffic, state.created_at = self.design, self.design.traffic, self.timestamp

    class Started(Event, frozen=True, kw_only=True):
        """From now on its customers get its arms."""

        TOPIC: ClassVar[str] = "experiment.started"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Experiment) -> None:
            aggregate.state.status, aggregate.state.started_at = "running", self.timestamp

    class Widened(Event, frozen=True, kw_only=True):
        """More customers take part."""

        TOPIC: ClassVar[str] = "experiment.widened"
        PERSONAL: ClassVar[bool] = False
        traffic: float

        def apply(self, aggregate: Experiment) -> None:
            aggregate.state.traffic = self.traffic

    class Stopped(Event, frozen=True, kw_only=True):
        """Nobody gets its arms any more. `verdicts`: the figures of all arms that were decided by, each with the position of the log and the
        rule's version; of one that was stopped by hand there are none."""

        TOPIC: ClassVar[str] = "experiment.stopped"
        PERSONAL: ClassVar[bool] = False
        why: Why
        reason: str
        arm: str | None = None
        verdicts: tuple[Verdict, ...] = ()

        def apply(self, aggregate: Experiment) -> None:
            state = aggregate.state
            state.status, state.verdicts = "stopped", self.verdicts
            state.ended = Ended(why=self.why, reason=self.reason, arm=self.arm, at=self.timestamp)

    class Concluded(Event, frozen=True, kw_only=True):
        """What it came to, in somebody's words. `verdicts`: the figures at that moment."""

        TOPIC: ClassVar[str] = "experiment.concluded"
        PERSONAL: ClassVar[bool] = False
        winner: str | None
        reason: str
        verdicts: tuple[Verdict, ...] = ()

        def apply(self, aggregate: Experiment) -> None:
            state = aggregate.state
            state.status = "concluded"
            state.conclusion = Conclusion(winner=self.winner, reason=self.reason, at=self.timestamp)
            state.verdicts = self.verdicts or state.verdicts

    def start(self, at: datetime) -> None:
        """Raises Refused for one that has begun."""
        if self.state.status != "draft":
            raise Refused(f"it is {self.state.status}; create another one to compare again")
        self.trigger(self.Started, at=at)

    def widen(self, traffic: float, at: datetime) -> None:
        """Raises Refused for one that is not running. That it is more is the split's to know."""
        self._running()
        if traffic != self.state.traffic:
            self.trigger(self.Widened, at=at, traffic=traffic)

    def observe(self, verdicts: Sequence[Verdict], at: datetime) -> None:
        """Take what was seen of all arms: end it for harm or benefit. Nothing of one that does not run any more."""
        if self.state.status != "running":
            return
        if (decided := decide(self.state.design, verdicts)) is not None:
            why, verdict = decided
            facts = {"why": why, "arm": verdict.arm, "verdicts": tuple(verdicts)}
            self.trigger(self.Stopped, at=at, reason=reason_of(why, verdict), **facts)

    def stop(self, reason: str, at: datetime) -> None:
        """By hand; a draft is put aside so. Raises Refused for one that has ended."""
        if self.state.status not in ("draft", "running"):
            raise Refused(f"it is {self.state.status} already")
        self.trigger(self.Stopped, at=at, why="by hand", reason=reason)

    def conclude(self, winner: str | None, reason: str, verdicts: Sequence[Verdict], at: datetime) -> None:
        """Say what it came to; one that runs ends so. Raises Refused, Invalid."""
        state = self.state
        if state.status == "concluded":
            raise Refused("it is concluded already; what was said stays")
        if state.started_at is None:
            raise Refused("it has never run; start it, or stop it to put it aside")
        names = [arm.name for arm in state.design.arms]
        if winner is not None and winner not in names:
            raise Invalid(f"it has no arm {winner[:40]!r}; it has {', '.join(names)}")
        self.trigger(self.Concluded, at=at, winner=winner, reason=reason, verdicts=tuple(verdicts))

    def _running(self) -> None:
        if self.state.status != "running":
            raise Refused(f"it is {self.state.status}; only one that is running can be changed so")
