"""Experiments: created, begun, widened, stopped, concluded. What is served changes in the same save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from application.answers.check_variant import check_variant
from application.base.setting import load_setting
from application.base.together import change_together
from application.ports import Clock, Done, Due, Ids, Store
from domain.answers.serving import Serving
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.experiments.design import Design
from domain.experiments.experiment import Experiment
from domain.experiments.verdict import Verdict
from domain.models.catalogue import Catalogue

EXPERIMENT_WORK = "experiment"
LOOK = timedelta(seconds=30)
"""How often one under way is looked at."""


class CreateExperiment(msgspec.Struct, frozen=True, kw_only=True):
    design: Design


class StartExperiment(msgspec.Struct, frozen=True, kw_only=True):
    experiment: UUID


class WidenExperiment(msgspec.Struct, frozen=True, kw_only=True):
    experiment: UUID
    traffic: float


class StopExperiment(msgspec.Struct, frozen=True, kw_only=True):
    experiment: UUID
    reason: str


class ConcludeExperiment(msgspec.Struct, frozen=True, kw_only=True):
    """`verdicts`: what can be seen of the arms at this moment."""

    experiment: UUID
    winner: str | None
    reason: str
    verdicts: Sequence[Verdict] = ()


class ExperimentChanged(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 where it was so already."""

    experiment: Experiment
    position: int


class Both(msgspec.Struct):
    """An experiment, and what its tenant serves."""

    experiment: Experiment
    serving: Serving


async def create_experiment(
    command: CreateExperiment, context: Context, *, store: Store, catalogue: Catalogue, clock: Clock, ids: Ids
) -> ExperimentChanged:
    """A draft, served to nobody. Raises Invalid or Refused for what can't be compared, with what there is instead. `catalogue` is the shipped
    one."""
    design = command.design
    design.check()
    arms = [
        msgspec.structs.replace(
            arm,
            variant=await check_variant(
                arm.variant, context.tenant, store=store, catalogue=catalogue, clock=clock
            ),
        )
        for arm in design.arms
    ]
    experiment = Experiment.create(
        Experiment.Created,
        id=ids(),
        at=clock(),
        design=msgspec.structs.replace(design, arms=tuple(arms)),
    )
    saved = await store.save(experiment, context=context)
    return ExperimentChanged(experiment=experiment, position=saved.position)


async def start_experiment(
    command: StartExperiment, context: Context, *, store: Store, catalogue: Catalogue, clock: Clock
) -> ExperimentChanged:
    """Serve its arms from now on, everywhere within a second; from then on it is looked at. Raises NotFound; Refused where it has begun, its
    group has no room, another experiment touches the same, or a model of it has been retired since."""
    draft = await store.load(Experiment, command.experiment, tenant=context.tenant)
    for arm in draft.state.design.arms:
        await check_variant(arm.variant, context.tenant, store=store, catalogue=catalogue, clock=clock)

    def start(both: Both) -> None:
        at, state = clock(), both.experiment.state
        both.experiment.start(at)
        both.serving.open(state.design.split(both.experiment.id, at), state.traffic, at)

    due = Due(kind=EXPERIMENT_WORK, key=command.experiment.hex, due_at=clock() + LOOK)
    return await change_experiment(command.experiment, start, context, store=store, clock=clock, work=[due])


async def widen_experiment(
    command: WidenExperiment, context: Context, *, store: Store, clock: Clock
) -> ExperimentChanged:
    """Take in more customers; who takes part stays in their arm. Raises NotFound; Refused for fewer, or where there is no room."""

    def widen(both: Both) -> None:
        both.experiment.widen(command.traffic, clock())
        both.serving.widen(both.experiment.id, command.traffic, clock())

    return await change_experiment(command.experiment, widen, context, store=store, clock=clock)


async def stop_experiment(
    command: StopExperiment, context: Context, *, store: Store, clock: Clock
) -> ExperimentChanged:
    """Have all customers get the agent in force again. Raises NotFound, Invalid; Refused for one that has ended."""
    reason = _told(command.reason)

    def stop(both: Both) -> None:
        both.experiment.stop(reason, clock())
        both.serving.close(both.experiment.id, clock())

    done = Done(kind=EXPERIMENT_WORK, key=command.experiment.hex)
    return await change_experiment(command.experiment, stop, context, store=store, clock=clock, work=[done])


async def conclude_experiment(
    command: ConcludeExperiment, context: Context, *, store: Store, clock: Clock
) -> ExperimentChanged:
    """Put on record what it came to. The winner is served to nobody by that: a deployment does it. Raises NotFound, Invalid, Refused."""
    reason = _told(command.reason)

    def conclude(both: Both) -> None:
        both.experiment.conclude(command.winner, reason, command.verdicts, clock())
        both.serving.close(both.experiment.id, clock())

    done = Done(kind=EXPERIMENT_WORK, key=command.experiment.hex)
    return await change_experiment(
        command.experiment, conclude, context, store=store, clock=clock, work=[done]
    )


async def change_experiment(
    id: UUID,
    decide: Callable[[Both], None],
    context: Context,
    *,
    store: Store,
    clock: Clock,
    work: Sequence[Due | Done] = (),
) -> ExperimentChanged:
    """An experiment and what is served, in one save. Raises NotFound."""

    async def load() -> Both:
        experiment = await store.load(Experiment, id, tenant=context.tenant)
        serving = await load_setting(Serving, context.tenant, store=store)
        return Both(experiment, serving or Serving.begin(context.tenant, clock()))

    def decided(both: Both) -> tuple[Experiment, Serving]:
        decide(both)
        return both.experiment, both.serving

    both, saved = await change_together(load, decided, context, store=store, work=lambda _: work)
    return ExperimentChanged(experiment=both.experiment, position=saved.position)


def _told(reason: str) -> str:
    reason = reason.strip()
    if not 1 <= len(reason) <= 500:
        raise Invalid("a reason has 1 to 500 characters")
    return reason
