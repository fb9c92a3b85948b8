"""Monthly fine-tuning: a training set of all that is approved by then, and a job where enough of it is new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import msgspec

from application.base.setting import Changed, change_setting, load_setting
from application.learning.training.training_set import RequestTrainingSet, request_training_set
from application.learning.tuning.ports import Ports
from application.learning.tuning.request import RequestTuning, request_tuning
from application.ports import Done, Due
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, NotFound, Refusal
from domain.learning.training.curation import GOOD
from domain.learning.training_set import TrainingSet, TrainingSetState
from domain.learning.tuning_job import TuningJob, TuningPlan
from domain.learning.tuning_schedule import Month, Monthly, TuningSchedule, month_of, next_month

SCHEDULE_WORK = "tune_monthly"
SOON = timedelta(seconds=30)
"""Between two looks at a training set that is being made."""


class SetSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """`monthly` None: there are no jobs by themselves any more."""

    monthly: Monthly | None


async def set_schedule(command: SetSchedule, context: Context, ports: Ports) -> Changed[TuningSchedule]:
    """The first job comes at the beginning of the next month. Raises Invalid, Refused where its target would take none today."""
    monthly, at = command.monthly, ports.clock()
    if monthly is not None:
        ports.targets.accept(
            monthly.provider, monthly.model, place=monthly.place, price=monthly.training_price, at=at
        )
    key = context.tenant.hex
    work: Due | Done = (
        Done(kind=SCHEDULE_WORK, key=key)
        if monthly is None
        else Due(kind=SCHEDULE_WORK, key=key, due_at=next_month(at))
    )
    return await change_setting(
        TuningSchedule,
        lambda schedule: schedule.set(monthly, at),
        context,
        store=ports.store,
        clock=ports.clock,
        work=[work],
    )


async def tune_monthly(context: Context, ports: Ports) -> datetime | None:
    """This month's job, or why there is none; when to look again."""
    schedule = await load_setting(TuningSchedule, context.tenant, store=ports.store)
    if schedule is None or (monthly := schedule.state.monthly) is None:
        return None
    at = ports.clock()
    month = month_of(at)
    if schedule.state.last is not None and schedule.state.last.month >= month:
        return next_month(at)
    training_set = schedule.state.making.get(month)
    if training_set is None:
        made, _ = await request_training_set(
            RequestTrainingSet(name=f"fine-tuning of {month}", minimum_quality=GOOD), context, ports
        )
        await _change(context, ports, lambda it: it.make(month, made.id, at))
        return at + SOON
    try:
        found = (await ports.store.load(TrainingSet, training_set, tenant=context.tenant)).state
    except Erased:
        found = TrainingSetState(status="deleted")
    if found.status == "building":
        return at + SOON
    if found.status == "ready":
        fresh = await _fresh(schedule, training_set, context.tenant, ports)
        done = await _month(month, fresh, monthly, training_set, context, ports)
    else:
        done = Month(month=month, fresh=0, reason=found.reason or "its training set was deleted")
    await _change(context, ports, lambda it: it.done(done, at))
    return next_month(at)


async def _month(
    month: str, fresh: int, monthly: Monthly, training_set: UUID, context: Context, ports: Ports
) -> Month:
    if fresh < monthly.minimum:
        return Month(month=month, fresh=fresh, reason=f"{fresh} new examples, of {monthly.minimum}")
    plan = TuningPlan(
        provider=monthly.provider,
        model=monthly.model,
        training_set=training_set,
        place=monthly.place,
        epochs=monthly.epochs,
        dataset=monthly.dataset,
    )
    # The id follows from the month: whoever comes after a crash requests no second one.
    id = uuid5(TuningSchedule.id_of(context.tenant), month)
    command = RequestTuning(plan=plan, training_price=monthly.training_price, scheduled=month, job=id)
    try:
        await ports.store.load(TuningJob, id, tenant=context.tenant)
    except NotFound:
        try:
            await request_tuning(command, context, ports)
        except Conflict:
            raise
        except Refusal as refusal:
            return Month(month=month, fresh=fresh, reason=refusal.detail)
    return Month(month=month, fresh=fresh, job=id)


async def _fresh(schedule: TuningSchedule, training_set: UUID, tenant: UUID, ports: Ports) -> int:
    """Examples that the last job that made a model had not, nor one that still may."""
    now, before = await ports.training.examples(tenant, training_set), frozenset[UUID]()
    for id in reversed(schedule.state.jobs):
        job = await ports.store.load(TuningJob, id, tenant=tenant)
        if job.open or job.state.tuned is not None:
            try:
                before = await ports.training.examples(tenant, job.state.plan.training_set)
            except Refusal:  # it was deleted since: then nothing is known to be old
                before = frozenset()
            break
    return len(now - before)


async def _change(context: Context, ports: Ports, decide: Callable[[TuningSchedule], None]) -> None:
    await change_setting(TuningSchedule, decide, context, store=ports.store, clock=ports.clock)
