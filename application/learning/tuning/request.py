"""Fine-tuning jobs: requested within the budget, cancelled, ended. What happens in between is work (`tune.py`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.budgets.budget import alerts
from application.budgets.charges import tallies_of
from application.budgets.hold import Hold, release
from application.budgets.reserve import reserve
from application.budgets.settle import copied, owed, refreshed, settlement
from application.learning.tuning.ports import Ports
from application.ports import Due, Store
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Conflict, Invalid, Refused
from domain.budgets.reservation import Reservation
from domain.budgets.spending import charged
from domain.learning.evaluation import Evaluation
from domain.learning.tuning_job import TuningJob, TuningPlan
from domain.learning.tuning_target import MARGIN

TUNING_WORK = "tune"
FIRST, HELD = timedelta(minutes=10), timedelta(days=4)
"""For how long its estimate is held before the job is on record; and from then on, each time that the job is looked at."""

PATIENCE = 5.0
"""Seconds for which a request waits for room in the budget that other calls hold."""

MOST_EPOCHS = 50
RACES = 50


class RequestTuning(msgspec.Struct, frozen=True, kw_only=True):
    """`training_price`: USD per million trained tokens, in the place of what is known. `scheduled`: the month whose schedule asks for it, and
    `job` the id that it has then: a second request of the same is a Conflict."""

    plan: TuningPlan
    training_price: Decimal | None = None
    scheduled: str | None = None
    job: UUID | None = None


class NameEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation of the model that the job made, by which it is ready or not."""

    job: UUID
    evaluation: UUID


class TuningChanged(msgspec.Struct, frozen=True, kw_only=True):
    job: TuningJob
    position: int


async def request_tuning(command: RequestTuning, context: Context, ports: Ports) -> TuningChanged:
    """A job, once its target takes it and the budget covers its estimate, which is held. Raises Invalid, NotFound, Refused."""
    plan, at, id = command.plan, ports.clock(), command.job or ports.ids()
    target, model = ports.targets.accept(
        plan.provider, plan.model, place=plan.place, price=command.training_price, at=at
    )
    if plan.epochs is not None and not 1 <= plan.epochs <= MOST_EPOCHS:
        raise Invalid(f"epochs is 1 to {MOST_EPOCHS}, or left to the vendor")
    await ports.tuners.tuner(context.tenant, plan.provider)  # there is a key
    files = await ports.training.files(context.tenant, plan.training_set, plan.provider)
    estimate = model.cost(files.tokens * (plan.epochs or target.passes)) * MARGIN
    hold = Hold()
    try:
        held = await reserve(
            estimate,
            id,
            f"{plan.provider}/{plan.model}",
            context,
            ports,
            lifetime=FIRST,
            patience=PATIENCE,
            hold=hold,
        )
        job = TuningJob.request(
            id,
            plan,
            at=at,
            examples=files.examples,
            validation=files.validation_examples,
            tokens=files.tokens,
            price=model.training,
            estimate=estimate,
            targets=ports.targets.name,
            reservation=None if held is None else held.id,
            scheduled=command.scheduled,
        )
        work = [Due(kind=TUNING_WORK, key=id.hex, due_at=at)]
        if held is None:
            saved = await ports.store.save(job, context=context, work=work)
        else:
            longer = copied(held)
            longer.extend(at + HELD, at)
            saved = await ports.store.save(longer, job, context=context, work=[*work, owed(longer)])
    except Conflict:  # the reservation has ended meanwhile
        await release(hold, id, context, store=ports.store, clock=ports.clock)
        raise
    return TuningChanged(job=job, position=saved.position)


async def cancel_tuning(id: UUID, context: Context, ports: Ports) -> TuningChanged:
    """Ask for its end; the vendor is told at once, by work. Raises NotFound, Refused where it has ended."""
    job, saved = await amend(
        TuningJob,
        id,
        lambda job: job.ask_cancel(ports.clock()),
        context=context,
        store=ports.store,
        work=[Due(kind=TUNING_WORK, key=id.hex, due_at=ports.clock())],
    )
    return TuningChanged(job=job, position=saved.position)


async def name_evaluation(command: NameEvaluation, context: Context, ports: Ports) -> TuningChanged:
    """Raises NotFound, and Refused for an evaluation of anything but this model alone."""
    job = await ports.store.load(TuningJob, command.job, tenant=context.tenant)
    evaluation = await ports.store.load(Evaluation, command.evaluation, tenant=context.tenant)
    model = job.state.registered
    if model is not None and evaluation.state.variant != Variant(model=model):
        raise Refused(
            f"this is no evaluation of {model} alone; request one whose variant is {{model: {model}}}"
        )
    job, saved = await amend(
        TuningJob,
        command.job,
        lambda job: job.begin_evaluation(command.evaluation, ports.clock()),
        context=context,
        store=ports.store,
        work=[Due(kind=TUNING_WORK, key=command.job.hex, due_at=ports.clock())],
    )
    return TuningChanged(job=job, position=saved.position)


async def record(
    id: UUID, decide: Callable[[TuningJob, datetime], None], context: Context, ports: Ports
) -> TuningJob:
    """What a vendor said of a job, on whatever it has become meanwhile. Its end, what it has cost, and the end of what was held for it are one
    save. `decide` may be called again."""
    for race in range(RACES):
        job, at = await ports.store.load(TuningJob, id, tenant=context.tenant), ports.clock()
        was_open = job.open
        decide(job, at)
        if not job.pending_events:
            return job
        try:
            if was_open and not job.open:
                await _save_ended(job, at, context, ports)
            else:
                await ports.store.save(job, context=context)
            return job
        except Conflict:
            if race == RACES - 1:
                raise
    raise AssertionError("unreachable")


async def _save_ended(job: TuningJob, at: datetime, context: Context, ports: Ports) -> None:
    held = await reservations_of(job, context.tenant, ports.store)
    settled = settlement((), held, at, interaction=job.id)
    changes = Counter({tally.key: tally.change for tally in settled.tallies})
    changes.update(charged(at.date(), job.state.cost or Decimal(0)))
    await ports.store.save(
        *settled.ended,
        job,
        context=context,
        work=[*settled.work, alerts(at)],
        tallies=tallies_of(changes),
    )


async def keep_held(job: TuningJob, context: Context, ports: Ports) -> None:
    """As long as the job lives, its estimate stays held."""
    at = ports.clock()
    for reservation in await reservations_of(job, context.tenant, ports.store):
        if reservation.state.expires_at < at + HELD / 2:
            reservation.extend(at + HELD, at)
            await ports.store.save(reservation, context=context, work=[owed(reservation)])


async def reservations_of(job: TuningJob, tenant: UUID, store: Store) -> tuple[Reservation, ...]:
    """What is held for it; nothing where that has expired."""
    if job.state.reservation is None:
        return ()
    found = await store.load(Reservation, job.state.reservation, tenant=tenant)
    return await refreshed([found], tenant=tenant, store=store)
