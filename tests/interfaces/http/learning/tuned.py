"""A training set, and a job that has made a model of it, as they stand in the log."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

from domain.answers.variant import Variant
from domain.base.context import Context
from domain.feedback.exchange import Exchange
from domain.learning.evaluation import Evaluation, Pace
from domain.learning.recommending import Minimum
from domain.learning.training.example import Example
from domain.learning.training_set import Statistics, TrainingSet
from domain.learning.tuning_job import TuningJob, TuningPlan
from interfaces.bootstrap import Services

MODEL = "openai/gpt-oss-20b"


def context_of(tenant: UUID) -> Context:
    return Context(tenant=tenant, actor="key:test", correlation=uuid4())


async def a_training_set(parts: Services, tenant: UUID, examples: int = 12, *, alike: int = 0) -> UUID:
    """With so many examples, of which `alike` are those of every other one that was made so."""
    at = parts.clock()
    made = TrainingSet.request(uuid4(), name="x", system="", minimum_quality=4.0, at=at)
    found = tuple(
        Example(
            id=UUID(int=number + 1) if number < alike else uuid4(),
            conversation=uuid4(),
            channel="sms",
            part="train",
            category="other",
            quality=4.5,
            exchange=Exchange(message=f"{uuid4().hex} {uuid4().hex}", context=(), answer="At nine."),
        )
        for number in range(examples)
    )
    made.complete(found, Statistics(train=examples), 0, at)
    await parts.store.save(made, context=context_of(tenant))
    return made.id


async def a_tuned_job(
    parts: Services,
    tenant: UUID,
    dataset: UUID,
    *,
    training_set: UUID | None = None,
    tuned: str = "shop/tuned",
) -> tuple[UUID, UUID]:
    """A job whose model is in the catalogue, and an evaluation of that, which nobody works at."""
    at = parts.clock()
    job = TuningJob.request(
        uuid4(),
        TuningPlan(provider="together", model=MODEL, training_set=training_set or uuid4()),
        at=at,
        examples=12,
        validation=0,
        tokens=100,
        price=Decimal(1),
        estimate=Decimal("0.1"),
        targets="t",
    )
    job.attempt(at)
    job.submitted(1, "ft-1", by="answer", at=at)
    job.end("succeeded", tuned=tuned, cost=Decimal("0.1"), at=at)
    job.register(f"together/{tuned}", at)
    evaluation = Evaluation.request(
        uuid4(),
        name="x",
        variant=Variant(model=f"together/{tuned}"),
        dataset=dataset,
        dataset_version=1,
        baseline=None,
        judge=None,
        minimum=Minimum(),
        pace=Pace(),
        most=None,
        cases=20,
        at=at,
    )
    await parts.store.save(job, evaluation, context=context_of(tenant))
    return job.id, evaluation.id
