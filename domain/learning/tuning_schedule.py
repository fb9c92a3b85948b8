"""Monthly fine-tuning: each month a job, once there are enough new examples. One a tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.errors import Invalid
from domain.base.one_per_tenant import OnePerTenant

MOST_EXAMPLES = 1_000_000


class Monthly(msgspec.Struct, frozen=True, kw_only=True):
    """As `TuningPlan`, of the training set that the month finds. `minimum`: new examples since the last job, below which the month is
    passed over; a job that made no model does not count. `training_price`: USD per million tokens, where the table does not know the model."""

    provider: str
    model: str
    minimum: int = 100
    place: dict[str, str] = {}
    epochs: int | None = None
    dataset: UUID | None = None
    training_price: Decimal | None = None

    def check(self) -> None:
        """Raises Invalid."""
        if not 1 <= self.minimum <= MOST_EXAMPLES:
            raise Invalid(f"minimum is a number of examples from 1 to {MOST_EXAMPLES}")


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a month (2026-12): a job, or the reason why there is none. `fresh`: new examples that there were."""

    month: str
    fresh: int
    job: UUID | None = None
    reason: str | None = None


class ScheduleState(msgspec.Struct):
    monthly: Monthly | None = None
    last: Month | None = None
    making: dict[str, UUID] = {}
    """Month → its training set, until the month is done."""

    jobs: tuple[UUID, ...] = ()
    """Of the months that had one, in order."""


class TuningSchedule(OnePerTenant[ScheduleState]):
    """Nothing in it is personal."""

    TOPIC = "tuning_schedule"
    State = ScheduleState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tuning_schedule.begun"
        PERSONAL: ClassVar[bool] = False

    class Set(Event, frozen=True, kw_only=True):
        """None: there are no jobs by themselves any more."""

        TOPIC: ClassVar[str] = "tuning_schedule.set"
        PERSONAL: ClassVar[bool] = False
        monthly: Monthly | None

        def apply(self, aggregate: TuningSchedule) -> None:
            aggregate.state.monthly = self.monthly

    class TrainingSetRequested(Event, frozen=True, kw_only=True):
        """Of all that is approved when the month's turn has come."""

        TOPIC: ClassVar[str] = "tuning_schedule.training_set_requested"
        PERSONAL: ClassVar[bool] = False
        month: str
        training_set: UUID

        def apply(self, aggregate: TuningSchedule) -> None:
            aggregate.state.making = {self.month: self.training_set}

    class MonthDone(Event, frozen=True, kw_only=True):
        """A month had its job, or had none and why."""

        TOPIC: ClassVar[str] = "tuning_schedule.month_done"
        PERSONAL: ClassVar[bool] = False
        month: Month

        def apply(self, aggregate: TuningSchedule) -> None:
            aggregate.state.last = self.month
            if self.month.job is not None:
                aggregate.state.jobs = (*aggregate.state.jobs, self.month.job)
            aggregate.state.making = {}

    @property
    def subject(self) -> UUID:
        return NIL

    def set(self, monthly: Monthly | None, at: datetime) -> None:
        if monthly is not None:
            monthly.check()
        if monthly != self.state.monthly:
            self.trigger(self.Set, at=at, monthly=monthly)

    def make(self, month: str, training_set: UUID, at: datetime) -> None:
        """Once a month."""
        if month not in self.state.making:
            self.trigger(self.TrainingSetRequested, at=at, month=month, training_set=training_set)

    def done(self, month: Month, at: datetime) -> None:
        """Once a month."""
        if self.state.last is None or self.state.last.month < month.month:
            self.trigger(self.MonthDone, at=at, month=month)


def month_of(at: datetime) -> str:
    return at.strftime("%Y-%m")


def next_month(at: datetime) -> datetime:
    """Its first day, at three in the morning (UTC)."""
    year, month = (at.year + 1, 1) if at.month == 12 else (at.year, at.month + 1)
    return datetime(year, month, 1, 3, tzinfo=UTC)
