"""A look at an experiment under way: it is stopped for harm, or for benefit, by what came of its customers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from application.experiments.experiment import LOOK, Both, change_experiment
from application.experiments.results import verdicts_of
from application.ports import Clock, Outcomes, Store
from domain.base.context import Context
from domain.experiments.experiment import Experiment


class LookAtExperiment(msgspec.Struct, frozen=True, kw_only=True):
    experiment: UUID


async def look_at_experiment(
    command: LookAtExperiment, context: Context, *, store: Store, outcomes: Outcomes, clock: Clock
) -> datetime | None:
    """When to look again; None: it has ended. Raises Unavailable while the read model is behind: what it does not know yet must not count
    as good."""
    experiment = await store.load(Experiment, command.experiment, tenant=context.tenant)
    if experiment.state.status != "running":
        return None
    verdicts = await verdicts_of(experiment, context.tenant, outcomes=outcomes, clock=clock)

    def observe(both: Both) -> None:
        both.experiment.observe(verdicts, clock())
        if both.experiment.state.status != "running":
            both.serving.close(both.experiment.id, clock())

    changed = await change_experiment(command.experiment, observe, context, store=store, clock=clock)
    return clock() + LOOK if changed.experiment.state.status == "running" else None
