"""Fine-tuning as it comes in and is shown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from domain.learning.tuning_job import Basis, Status, TuningJob
from domain.learning.tuning_schedule import Month, Monthly

Provider = Annotated[str, Meta(min_length=1, max_length=60)]


Name = Annotated[str, Meta(min_length=1, max_length=200)]


Parts = Annotated[dict[Provider, Name], Meta(max_length=10)]


Epochs = Annotated[int, Meta(ge=1, le=50)]


class TuningIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model`: the provider's base model. `place`: where it runs, as `needs` of the target has it. `epochs`: left out the vendor chooses.
    `dataset`: what the result is evaluated on before it is ready. `training_price`: USD per million trained tokens, in the place of what is
    known."""

    provider: Provider
    model: Name
    training_set: UUID
    place: Parts = {}
    epochs: Epochs | None = None
    dataset: UUID | None = None
    training_price: Decimal | None = None


class MonthlyIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As a job; its training set has all that is approved by then. `minimum`: new examples since the last job, below which there is none."""

    provider: Provider
    model: Name
    minimum: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    place: Parts = {}
    epochs: Epochs | None = None
    dataset: UUID | None = None
    training_price: Decimal | None = None


class TunedEvaluationIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    evaluation: UUID


class TuningJobOut(msgspec.Struct, frozen=True, kw_only=True):
    """`vendor_status` is the vendor's own word. Sums are in USD: `estimate` is held until the end; `cost` rests on `cost_basis` (the vendor's
    sum, its tokens, our estimate, or nothing where it never ran). `model`: in the catalogue, as provider/name. `error`: the vendor's code."""

    id: UUID
    status: Status
    provider: str
    base_model: str
    training_set: UUID
    dataset: UUID | None
    examples: int
    requested_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None
    vendor_job: str | None
    vendor_status: str | None
    attempts: int
    cancelling: bool
    estimate: Decimal
    cost: Decimal | None
    cost_basis: Basis | None
    model: str | None
    evaluation: UUID | None
    error: str | None
    scheduled: str | None


class TunableModelOut(msgspec.Struct, frozen=True, kw_only=True):
    """`training_price`: USD per million trained tokens; `until`: from then on it can't be tuned."""

    model: str
    training_price: Decimal
    until: datetime | None


class TargetOut(msgspec.Struct, frozen=True, kw_only=True):
    """`open`: whether it takes new jobs today, until `closes_at`. `needs`: what a job's `place` says."""

    provider: str
    open: bool
    closes_at: datetime | None
    needs: tuple[str, ...]
    models: list[TunableModelOut]


class ScheduleOut(msgspec.Struct, frozen=True, kw_only=True):
    """`monthly` null: there are no jobs by themselves. `last`: what became of the last month."""

    monthly: Monthly | None
    last: Month | None


def shown(job: TuningJob) -> TuningJobOut:
    state, plan = job.state, job.state.plan
    return TuningJobOut(
        id=job.id,
        status=state.status,
        provider=plan.provider,
        base_model=plan.model,
        training_set=plan.training_set,
        dataset=plan.dataset,
        examples=state.examples,
        requested_at=state.requested_at,
        submitted_at=state.submitted_at,
        ended_at=state.ended_at,
        vendor_job=state.vendor_job,
        vendor_status=state.word,
        attempts=state.attempt,
        cancelling=state.cancel_asked and job.open,
        estimate=state.estimate,
        cost=state.cost,
        cost_basis=state.basis,
        model=state.registered,
        evaluation=state.evaluation,
        error=state.code,
        scheduled=state.scheduled,
    )
