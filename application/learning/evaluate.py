"""Evaluate: the cases of an evaluation that have no result yet, some at once and within its pace, for a while; at the end its report.

A trial is on record before a model is asked, and its result before its place is taken by the next. Whoever goes on after a crash finds the
trials that were under way, charges each once for what it surely cost, and tries them again: a case is asked again only where its answer was lost.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.learning.answer_ports import Ports
from application.learning.cases import Cases, cases_of
from application.learning.ledger import Ledger, save
from application.learning.results import finish_evaluation
from application.learning.slice import Slice
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.learning.case import Case
from domain.learning.evaluation import Evaluation, place
from domain.learning.result import Arm

REST = timedelta(seconds=10)
"""After trials that no model has answered, so that a provider's bad minute is not taken for the candidate's."""


class Evaluate(msgspec.Struct, frozen=True, kw_only=True):
    evaluation: UUID


async def evaluate(command: Evaluate, context: Context, ports: Ports) -> datetime | None:
    """When to go on; None: it is over. Raises nothing that a model may do wrong."""
    evaluation = await ports.store.load(Evaluation, command.evaluation, tenant=context.tenant)
    if evaluation.state.open:  # whoever had them is gone: this evaluation is nobody else's now
        evaluation.interrupt(ports.clock())
        await save(evaluation, context, ports)
    if evaluation.over:
        return None
    state = evaluation.state
    ledger = Ledger(evaluation, context, ports)
    try:
        found = await cases_of(state.dataset, state.dataset_version, context.tenant, store=ports.store)
    except NotFound:  # also by who reads it while it is erased
        await ledger.stop("its dataset was deleted")
        return None
    left = _left(evaluation, found)
    left.sort(key=lambda each: state.failures.get(place(each[1], each[0].id), 0))
    slice = Slice(ledger, deque(left))
    await slice.run()
    evaluation = ledger.evaluation
    if evaluation.over:
        return None
    if slice.pause is not None:
        reason, until = slice.pause
        evaluation.pause(reason, until, ports.clock())
        if evaluation.pending_events:
            await save(evaluation, context, ports)
        return until
    # Not what was taken is asked for, but what is on record: whoever was overtaken has taken cases to no result.
    if _left(evaluation, found):
        return ports.clock() + (REST if slice.failed else timedelta())
    await finish_evaluation(evaluation, erased=found.erased, context=context, ports=ports)
    return None


def _left(evaluation: Evaluation, found: Cases) -> list[tuple[Case, Arm]]:
    """Cases that have no result on record yet, with the arm."""
    done = evaluation.state.done
    return [(case, arm) for case in found.cases for arm in evaluation.arms if place(arm, case.id) not in done]
