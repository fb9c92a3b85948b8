"""Training set: approved corrections as masked examples, without any case of an evaluation. Made once; what was erased since is no more in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import Aggregate, CreatedEvent, Quote
from domain.base.errors import Invalid, Refused
from domain.feedback.judgement import BEST
from domain.learning.training.curation import GOOD
from domain.learning.training.example import Example, attach_examples, detach_examples

BATCH = 200
"""Examples of one event."""

MOST = 50_000
"""Examples of a training set."""

LONGEST_NAME = 200
LONGEST_SYSTEM = 4_000

Status = Literal["building", "ready", "failed", "deleted"]


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """`left_out`: approved corrections that are no examples, by the reason; `masked`: pieces of personal data, by kind; `tokens`: estimated, of
    all texts. `datasets`: how many were looked at for cases, `cases`: how many those have. `mask`: version of the masking."""

    candidates: int = 0
    train: int = 0
    validation: int = 0
    conversations: int = 0
    left_out: dict[str, int] = {}
    masked: dict[str, int] = {}
    categories: dict[str, int] = {}
    tokens: int = 0
    datasets: int = 0
    cases: int = 0
    mask: int = 0


class TrainingSetState(msgspec.Struct):
    """`reason`: why it could not be made."""

    name: str = ""
    system: str = ""
    minimum_quality: float = GOOD
    upto: int = 0
    status: Status = "building"
    reason: str | None = None
    examples: int = 0
    statistics: Statistics = Statistics()


class TrainingSet(Aggregate[TrainingSetState]):
    """Texts are sealed under their conversations' keys, and go with them; name and system text under its own. Of use to this tenant alone."""

    TOPIC = "training_set"
    State = TrainingSetState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Requested(Event, CreatedEvent, frozen=True, kw_only=True):
        """`system`: the text that each example begins with; empty: none."""

        TOPIC: ClassVar[str] = "training_set.requested"
        name: str
        system: str = ""
        minimum_quality: float

        def apply(self, aggregate: TrainingSet) -> None:
            state = aggregate.state
            state.name, state.system, state.minimum_quality = self.name, self.system, self.minimum_quality

    class ExamplesAdded(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "training_set.examples_added"
        class_version: ClassVar[int] = 3
        QUOTES: ClassVar[bool] = True
        examples: tuple[Example, ...]

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version no turn had calls of tools, or anything attached."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """Until version 2 no example told the channel that its texts came by."""

        def apply(self, aggregate: TrainingSet) -> None:
            aggregate.state.examples += len(self.examples)

        def detach(self) -> tuple[Self, tuple[Quote, ...]]:
            examples, lent = detach_examples(self.examples)
            return replace(self, examples=examples), lent

        def attach(self, lent: Sequence[Quote]) -> Self:
            return replace(self, examples=attach_examples(self.examples, lent))

    class Completed(Event, frozen=True, kw_only=True):
        """It is as it will be, made of what the log had up to position `upto`. Nothing in it is personal."""

        TOPIC: ClassVar[str] = "training_set.completed"
        PERSONAL: ClassVar[bool] = False
        statistics: Statistics
        upto: int

        def apply(self, aggregate: TrainingSet) -> None:
            state = aggregate.state
            state.status, state.statistics, state.upto = "ready", self.statistics, self.upto

    class Failed(Event, frozen=True, kw_only=True):
        """It can't be made, for a reason that no second try would mend. Nothing in it is personal."""

        TOPIC: ClassVar[str] = "training_set.failed"
        PERSONAL: ClassVar[bool] = False
        reason: str

        def apply(self, aggregate: TrainingSet) -> None:
            aggregate.state.status, aggregate.state.reason = "failed", self.reason

    class Deleted(Event, frozen=True, kw_only=True):
        """The last event: it is to be erased. Its key is destroyed."""

        TOPIC: ClassVar[str] = "training_set.deleted"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

        def apply(self, aggregate: TrainingSet) -> None:
            aggregate.state = TrainingSetState(status="deleted")

    @classmethod
    def request(cls, id: UUID, *, name: str, system: str, minimum_quality: float, at: datetime) -> Self:
        """Raises Invalid."""
        if not 1 <= len(name.strip()) <= LONGEST_NAME:
            raise Invalid(f"a training set's name has 1 to {LONGEST_NAME} characters")
        if len(system) > LONGEST_SYSTEM:
            raise Invalid(f"system has {len(system)} characters; at most {LONGEST_SYSTEM} are taken")
        if not GOOD <= minimum_quality < BEST:
            raise Invalid(f"minimum_quality is {GOOD:g} or more, below {BEST:g}: examples are better than it")
        facts = {"system": system.strip(), "minimum_quality": minimum_quality}
        return cls.create(cls.Requested, id=id, at=at, name=name.strip(), **facts)

    def complete(self, examples: Sequence[Example], statistics: Statistics, upto: int, at: datetime) -> None:
        """Nothing where it is made already: whoever makes it again after a crash adds nothing."""
        if self.state.status != "building":
            return
        if len(examples) > MOST:
            raise Refused(f"a training set has at most {MOST} examples; raise minimum_quality")
        for first in range(0, len(examples), BATCH):
            self.trigger(self.ExamplesAdded, at=at, examples=tuple(examples[first : first + BATCH]))
        self.trigger(self.Completed, at=at, statistics=statistics, upto=upto)

    def fail(self, reason: str, at: datetime) -> None:
        """Nothing where it is made, or has failed, already."""
        if self.state.status == "building":
            self.trigger(self.Failed, at=at, reason=reason)

    def delete(self, at: datetime) -> None:
        if self.state.status != "deleted":
            self.trigger(self.Deleted, at=at)
