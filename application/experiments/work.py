"""The work of experiments: a look at one under way, which may stop it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.base.work import context_of
from application.experiments.experiment import EXPERIMENT_WORK
from application.experiments.look_at_experiment import LookAtExperiment, look_at_experiment
from application.ports import Clock, Ids, Item, Kind, Outcomes, Store


class Ports(Protocol):
    """What the handlers need."""

    @property
    def store(self) -> Store: ...
    @property
    def outcomes(self) -> Outcomes: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_look_at_experiment(item: Item) -> datetime | None:
        command = LookAtExperiment(experiment=UUID(item.key))
        context = context_of(item, p.ids, "experiment")
        return await look_at_experiment(command, context, store=p.store, outcomes=p.outcomes, clock=p.clock)

    return {
        EXPERIMENT_WORK: Kind(handler=do_look_at_experiment, attempts=1000, places="watch"),
    }
