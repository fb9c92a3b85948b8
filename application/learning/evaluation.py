"""Evaluations: asked for, stopped, listed. What they do: `evaluate.py`."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import msgspec

from application.answers.check_variant import check_variant
from application.base.amend import amend
from application.learning.cases import cases_of
from application.learning.dataset import freeze_dataset
from application.models.catalogue import catalogue_of
from application.ports import Clock, Due, Ids, Store
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Invalid, Refused
from domain.learning.evaluation import Baseline, Evaluation, Pace
from domain.learning.recommending import Minimum
from domain.models.catalogue import Catalogue

EVALUATE_WORK = "evaluate"


class RequestEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: of the dataset; None: the latest. `baseline` None: nothing to compare with."""

    name: str
    dataset: UUID
    version: int | None = None
    variant: Variant = Variant()
    baseline: Baseline | None = Baseline(variant=Variant())
    judge: str | None = None
    minimum: Minimum = Minimum()
    pace: Pace = Pace()
    most: Decimal | None = None


class StopEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    evaluation: UUID
    reason: str


class Requested(msgspec.Struct, frozen=True, kw_only=True):
    evaluation: Evaluation
    position: int


async def request_evaluation(
    command: RequestEvaluation,
    context: Context,
    *,
    store: Store,
    catalogue: Catalogue,
    clock: Clock,
    ids: Ids,
) -> Requested:
    """The dataset's version is frozen by it; a worker begins at once. `catalogue` is the shipped one. Raises Invalid, NotFound, Refused."""
    tenant = context.tenant
    if command.most is not None and not (command.most.is_finite() and command.most > 0):
        raise Invalid("most is an amount of USD above 0, or null")
    variant = await check_variant(command.variant, tenant, store=store, catalogue=catalogue, clock=clock)
    known = await cases_of(command.dataset, command.version, tenant, store=store)
    if not known.cases:
        raise Refused("this dataset has no cases that are left; add some, or name another version")
    version = known.version
    if not known.frozen:
        version, _ = await freeze_dataset(command.dataset, context, store=store, clock=clock)
    baseline = command.baseline
    if baseline is not None:
        baseline = await _checked(baseline, command.dataset, version, tenant, store, catalogue, clock)
    evaluation = Evaluation.request(
        ids(),
        name=command.name,
        variant=variant,
        dataset=command.dataset,
        dataset_version=version,
        baseline=baseline,
        judge=await _judge(command.judge, tenant, store, catalogue, clock),
        minimum=command.minimum,
        pace=command.pace,
        most=command.most,
        cases=len(known.cases),
        at=clock(),
    )
    saved = await store.save(evaluation, context=context, work=[_due(evaluation.id, clock)])
    return Requested(evaluation=evaluation, position=saved.position)


async def stop_evaluation(
    command: StopEvaluation, context: Context, *, store: Store, clock: Clock
) -> Requested:
    """No more models are asked for it; what is under way ends. Raises NotFound, and Refused where it is over."""
    evaluation, saved = await amend(
        Evaluation,
        command.evaluation,
        lambda it: it.stop(command.reason, clock()),
        context=context,
        store=store,
        work=[_due(command.evaluation, clock)],
    )
    return Requested(evaluation=evaluation, position=saved.position)


async def evaluations_of(tenant: UUID, *, store: Store) -> list[UUID]:
    """All that were ever requested, the newest first."""
    topics = [Evaluation.Requested.TOPIC]
    found = [recorded.stream async for recorded in store.events(tenant, topics=topics)]
    return found[::-1]


async def _checked(
    baseline: Baseline,
    dataset: UUID,
    version: int,
    tenant: UUID,
    store: Store,
    catalogue: Catalogue,
    clock: Clock,
) -> Baseline:
    if (baseline.variant is None) == (baseline.evaluation is None):
        raise Invalid("a baseline is a variant or an evaluation; {} as the variant is the agent in force")
    if baseline.variant is not None:
        checked = await check_variant(baseline.variant, tenant, store=store, catalogue=catalogue, clock=clock)
        return Baseline(variant=checked)
    assert baseline.evaluation is not None
    earlier = (await store.load(Evaluation, baseline.evaluation, tenant=tenant)).state
    if earlier.status != "finished":
        raise Refused(
            "the evaluation that is to be the baseline is not finished; wait for it, or take another one"
        )
    if (earlier.dataset, earlier.dataset_version) != (dataset, version):
        raise Refused(
            f"the baseline is of version {earlier.dataset_version} of the dataset {earlier.dataset}; answers are compared case by case, "
            "so name the same version of the same dataset"
        )
    return baseline


async def _judge(
    judge: str | None, tenant: UUID, store: Store, catalogue: Catalogue, clock: Clock
) -> str | None:
    if judge is None:
        return None
    known = await catalogue_of(tenant, store=store, shipped=catalogue)
    model = known.canonical(judge)
    known.check_offered(model)
    known.check(model, clock(), "chat")
    return model


def _due(evaluation: UUID, clock: Clock) -> Due:
    return Due(kind=EVALUATE_WORK, key=evaluation.hex, due_at=clock())
