"""The learning curve: corrections, approvals, tuned models by month; topics that need more data; training sets, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from domain.learning.tradeoff import Option
from domain.learning.tuning_job import Status
from interfaces.bootstrap import Services
from interfaces.http.base.position import AtLeast
from projections.datasets import Datasets, TrainingSetRow, ready_training_sets
from projections.learning_curve import LearningCurve, Month, Topic, learning_months, learning_topics
from projections.model_answers import ModelAnswers, ModelFigures, model_figures
from projections.tuning_jobs import TuningJobRow, TuningJobs, tuned_models


class GrowthOut(msgspec.Struct, frozen=True, kw_only=True):
    """A training set. `growth`: examples more than the one before had; below 0 where it has fewer."""

    training_set: UUID
    requested_at: datetime
    examples: int
    growth: int


class GenerationOut(msgspec.Struct, frozen=True, kw_only=True):
    """A tuned model. `examples`: null where its training set was deleted. `answers` that it gave to customers, of which `rated` were rated:
    `helpful_rate` lies within `low` and `high` (95 %), null where nothing was rated."""

    generation: int
    model: str
    base_model: str
    training_set: UUID
    requested_at: datetime
    status: Status
    examples: int | None
    answers: int
    rated: int
    helpful_rate: float | None
    low: float | None
    high: float | None


class LearningOut(msgspec.Struct, frozen=True, kw_only=True):
    """`items`: the months, in order. `topics`: those that need the most first. `training_sets` and `generations`: in the order in which they
    were asked for."""

    items: list[Month]
    topics: list[Topic]
    training_sets: list[GrowthOut]
    generations: list[GenerationOut]
    next_cursor: None = None


@get("/v1/analytics/learning", scope="analytics:view")
async def read_learning(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> LearningOut:
    """How the agent learns: what was corrected and approved in each month, what was tuned of it and for how much, and of which topics there
    is too little to learn from; how the training sets grew, and how customers rated the answers of each model that was tuned. `next_cursor`
    is always null."""
    reads, tenant = services.reads, principal.tenant
    async with reads.at(tenant, LearningCurve(), at_least) as sql:
        months = await learning_months(sql, tenant)
        topics = await learning_topics(sql, tenant)
    async with reads.at(tenant, Datasets(), at_least) as sql:
        sets = await ready_training_sets(sql, tenant)
    async with reads.at(tenant, TuningJobs(), at_least) as sql:
        tuned = await tuned_models(sql, tenant)
    figures: list[ModelFigures] = []
    if tuned:
        async with reads.at(tenant, ModelAnswers(), at_least) as sql:
            figures = await model_figures(sql, tenant, since=date.min, until=date.max)
    return LearningOut(
        items=months,
        topics=topics,
        training_sets=_growth(sets),
        generations=_generations(
            tuned, {row.training_set: row for row in sets}, {each.model: each for each in figures}
        ),
    )


def _growth(sets: Sequence[TrainingSetRow]) -> list[GrowthOut]:
    found, before = [], 0
    for row in sets:
        examples = row.train + row.validation
        found.append(
            GrowthOut(
                training_set=row.training_set,
                requested_at=row.requested_at,
                examples=examples,
                growth=examples - before,
            )
        )
        before = examples
    return found


def _generations(
    tuned: Sequence[TuningJobRow], sets: Mapping[UUID, TrainingSetRow], figures: Mapping[str, ModelFigures]
) -> list[GenerationOut]:
    found = []
    for number, job in enumerate(tuned, 1):
        model, examples, served = job.model or "", sets.get(job.training_set), figures.get(job.model or "")
        option = Option(
            model=model,
            judged=0 if served is None else served.rated,
            good=0 if served is None else served.helpful,
            cost=Decimal(0),
            latency_ms=None,
        )
        low, high = option.interval if option.judged else (None, None)
        found.append(
            GenerationOut(
                generation=number,
                model=model,
                base_model=f"{job.provider}/{job.base_model}",
                training_set=job.training_set,
                requested_at=job.requested_at,
                status=job.status,
                examples=None if examples is None else examples.train + examples.validation,
                answers=0 if served is None else served.answers,
                rated=option.judged,
                helpful_rate=option.quality,
                low=low,
                high=high,
            )
        )
    return found


ROUTER = Router("/", route_handlers=[read_learning], tags=["analytics"])
