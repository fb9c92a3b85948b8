"""The work of learning: an evaluation asks its cases, a training set is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.base.work import context_of
from application.learning import answer_ports, ports
from application.learning.evaluate import Evaluate, evaluate
from application.learning.evaluation import EVALUATE_WORK
from application.learning.training.training_set import BUILD_WORK, BuildTrainingSet, build_training_set
from application.ports import Item, Kind


class Ports(answer_ports.Ports, ports.Ports, Protocol):
    """What the handlers need."""


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_evaluate(item: Item) -> datetime | None:
        command = Evaluate(evaluation=UUID(item.key))
        return await evaluate(command, context_of(item, p.ids, "evaluation"), p)

    async def do_build_training_set(item: Item) -> None:
        command = BuildTrainingSet(training_set=UUID(item.key))
        await build_training_set(command, context_of(item, p.ids, "learning"), p)

    return {
        EVALUATE_WORK: Kind(handler=do_evaluate, attempts=1000, lease=10.0),
        BUILD_WORK: Kind(handler=do_build_training_set, attempts=8, lease=60.0, places="heavy"),
    }
