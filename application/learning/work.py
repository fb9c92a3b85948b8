"""The work of learning: an evaluation asks its cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from application.base.work import context_of
from application.learning.answer_ports import Ports as Ports
from application.learning.evaluate import Evaluate, evaluate
from application.learning.evaluation import EVALUATE_WORK
from application.ports import Item, Kind


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_evaluate(item: Item) -> datetime | None:
        command = Evaluate(evaluation=UUID(item.key))
        return await evaluate(command, context_of(item, p.ids, "evaluation"), p)

    return {EVALUATE_WORK: Kind(handler=do_evaluate, attempts=1000, lease=10.0)}
