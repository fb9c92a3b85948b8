"""The work of a fine-tuning job: its files go to the vendor, it is submitted once, polled, and what it made is taken over.

Whatever ends it in between, whoever comes next goes on from the log: an attempt without an outcome is looked for on the vendor's list
before another one is made. Every effect is in sight in the functions of `_ACTIONS`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID, uuid5

import msgspec

from application.base.amend import amend
from application.base.tasks import run_to_end
from application.learning.evaluation import RequestEvaluation, request_evaluation
from application.learning.tuning.ports import Ports
from application.learning.tuning.request import keep_held, record
from application.learning.tuning.tuned_model import register
from application.ports import (
    FineTuner,
    TuningFateUnknown,
    TuningFile,
    TuningRefused,
    TuningRequest,
    VendorJob,
)
from application.ports.tuning import Part
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.base.errors import Conflict, NotFound, Refusal, Refused
from domain.learning.evaluation import Evaluation
from domain.learning.tuning_job import Outcome, TuningJob, names_of
from domain.learning.tuning_steps import SETTLED, Action, Wait, next_step

log = logging.getLogger("retrace.learning")

AGAIN, RARELY = timedelta(seconds=30), timedelta(hours=1)
"""After which a vendor is asked again that did not answer; and one that refuses to."""

DISCARDING = timedelta(days=7)
"""For which the deletion of training files at the vendor is tried."""

LONGEST_NAME = 200
RACES = 50


class Tune(msgspec.Struct, frozen=True, kw_only=True):
    job: UUID


async def tune(command: Tune, context: Context, ports: Ports) -> datetime | None:
    """All that can be done about it now; when to look again, None where nothing is left."""
    done: set[Action] = set()
    later: list[datetime] = []
    races, now = 0, ports.clock()
    while True:
        try:
            job = await ports.store.load(TuningJob, command.job, tenant=context.tenant)
            step = next_step(job.state, now, done=frozenset(done))
            if step is None or isinstance(step, Wait):
                return min([*later, *([] if step is None else [step.until])], default=None)
            again = await _ACTIONS[step.action](job, context, ports)
            if again is not None:
                later.append(again)
                if job.open:
                    return again
            done.add(step.action)
            if step.action != "look":  # a list is as old as its asking, however long its answer takes
                now = ports.clock()
        except NotFound:
            return None
        except Conflict:  # somebody has changed it meanwhile, or is at it
            races += 1
            if races > RACES:
                raise


async def _upload(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    """Its training data, as it is today: what was erased since is not in it."""
    plan = job.state.plan
    try:
        files = await ports.training.files(context.tenant, plan.training_set, plan.provider)
    except Refusal as refusal:
        log.warning("the training set of a fine-tuning job is of no use: %s", type(refusal).__name__)
        await _fail(job, "training_set", context, ports)
        return None
    contents: dict[Part, bytes | None] = {"train": files.train, "validation": files.validation}
    names: dict[str, str] = {}
    try:
        tuner = await _tuner(job, context, ports)
        job.begin_upload(ports.clock())
        if job.pending_events:
            await ports.store.save(job, context=context)
        for part, content in contents.items():
            if content:
                file = TuningFile(part=part, name=file_name(job.id, part), content=content)
                names[part] = await tuner.upload(file, plan.place)
                await record(job.id, _kept(part, names[part]), context, ports)
    except TuningRefused as refused:
        if not refused.passing:
            await _fail(job, refused.code, context, ports)
            return None
        return _later(refused, ports, AGAIN)
    await record(job.id, lambda job, at: job.uploaded(names, at), context, ports)
    return None


def _kept(part: Part, file: str) -> Callable[[TuningJob, datetime], None]:
    return lambda job, at: job.keep_upload(part, file, at)


async def _submit(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    """The attempt goes on record, then the vendor is called. Raises Conflict before anything went out."""
    try:
        tuner = await _tuner(job, context, ports)
    except TuningRefused as refused:
        await _fail(job, refused.code, context, ports)
        return None
    name, attempt, plan = job.attempt(ports.clock()), job.state.attempt, job.state.plan
    await ports.store.save(job, context=context)
    request = TuningRequest(
        attempt=name, model=plan.model, files=job.state.files, epochs=plan.epochs, place=plan.place
    )
    # Whoever is told to stop meanwhile records first what became of it.
    await run_to_end(_call(request, attempt, job.id, tuner, context, ports))
    return None


async def _call(
    request: TuningRequest, attempt: int, id: UUID, tuner: FineTuner, context: Context, ports: Ports
) -> None:
    """One call of the vendor. What comes of it is saved on whatever the job has become meanwhile."""
    decide: Callable[[TuningJob, datetime], None]
    try:
        made = await tuner.submit(request)
    except TuningFateUnknown as unknown:
        decide = _doubted(attempt, unknown)
    except TuningRefused as refused:
        decide = _refused(attempt, refused)
    else:
        decide = _submitted(attempt, made)
    await record(id, decide, context, ports)


def _doubted(attempt: int, unknown: TuningFateUnknown) -> Callable[[TuningJob, datetime], None]:
    return lambda job, at: job.doubt(attempt, unknown.why, at)


def _submitted(attempt: int, made: VendorJob) -> Callable[[TuningJob, datetime], None]:
    return lambda job, at: job.submitted(attempt, made.id, by="answer", at=at)


def _refused(attempt: int, refused: TuningRefused) -> Callable[[TuningJob, datetime], None]:
    after = None if refused.after is None else timedelta(seconds=refused.after)
    return lambda job, at: job.refused(
        attempt, code=refused.code, passing=refused.passing, after=after, at=at
    )


async def _doubt(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    """Its attempt has no outcome on record."""
    job.doubt(job.state.attempt, "no outcome on record", ports.clock())
    await ports.store.save(job, context=context)
    return None


async def _look(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    """Whether the vendor's list has an attempt; when to ask again where it could not be read, which says as little as that it has none."""
    names = names_of(job.id, job.state.attempt)
    try:
        tuner = await _tuner(job, context, ports)
        found = await tuner.find(names, job.state.plan.place)
    except TuningRefused as refused:
        if not refused.passing:
            log.warning(
                "the list of fine-tuning jobs is refused (%s): check the provider's key", refused.code
            )
        return _later(refused, ports, AGAIN if refused.passing else RARELY)
    for each in sorted(found, key=lambda each: names[each.attempt or ""]):
        job.submitted(names[each.attempt or ""], each.id, by="list", at=ports.clock())
    if job.pending_events:
        await ports.store.save(job, context=context)
    return None


async def _poll(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    state, place = job.state, job.state.plan.place
    assert state.vendor_job is not None
    try:
        tuner = await _tuner(job, context, ports)
        await _cancel_superfluous(job, tuner, context, ports)
    except TuningRefused as refused:  # it says nothing of the job itself
        return _later(refused, ports, AGAIN if refused.passing or refused.gone else RARELY)
    asked = ports.clock()
    try:
        told = await tuner.job(state.vendor_job, place)
        if state.cancel_asked and told.state in ("queued", "running", "unknown"):
            await tuner.cancel(state.vendor_job, place)
            told = await tuner.job(state.vendor_job, place)
    except TuningRefused as refused:
        since = state.submitted_at or state.attempted_at
        # A job that was just made may not be known everywhere at the vendor's.
        if refused.gone and asked > since + SETTLED:
            await record(job.id, lambda job, at: job.end("failed", code="gone", at=at), context, ports)
            return None
        return _later(refused, ports, AGAIN if refused.passing or refused.gone else RARELY)
    await record(job.id, lambda job, at: _take(told, job, at), context, ports)
    await keep_held(job, context, ports)
    return None


def _take(told: VendorJob, job: TuningJob, at: datetime) -> None:
    if told.state in ("succeeded", "failed", "cancelled"):
        if job.open:
            job.end(told.state, tuned=told.model, tokens=told.tokens, cost=told.cost, code=told.code, at=at)
    else:
        job.told(told.state, told.word, at)


async def _cancel_superfluous(job: TuningJob, tuner: FineTuner, context: Context, ports: Ports) -> None:
    """An attempt of unknown fate that the list shows after another one was made."""
    state = job.state
    if state.attempt > 1:
        for each in await tuner.find(names_of(job.id, state.attempt), state.plan.place):
            job.duplicate(each.id, ports.clock())
    if job.pending_events:
        await ports.store.save(job, context=context)
    for superfluous in state.duplicates:
        try:
            await tuner.cancel(superfluous, state.plan.place)
        except TuningRefused as refused:
            if not refused.gone:
                raise


async def _cancel(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    """The vendor has it not."""
    await record(job.id, lambda job, at: job.end("cancelled", at=at), context, ports)
    return None


async def _expire(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    """Nobody knows what became of it; or no vendor has taken it for days."""
    outcome: Outcome = "failed" if job.state.status == "requested" else "unknown"
    await record(job.id, lambda job, at: job.end(outcome, code="expired", at=at), context, ports)
    return None


async def _register(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    model = await register(job, context, ports)
    await amend(
        TuningJob,
        job.id,
        lambda job: job.register(model, ports.clock()),
        context=context,
        store=ports.store,
    )
    return None


async def _evaluate(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    """Beside the agent in force, on the dataset of its plan. The evaluation's id follows from the job's, so there is one."""
    state, id = job.state, uuid5(job.id, "evaluation")
    assert state.plan.dataset is not None
    command = RequestEvaluation(
        name=f"fine-tuning {state.registered}"[:LONGEST_NAME],
        dataset=state.plan.dataset,
        variant=Variant(model=state.registered),
    )
    refused = False
    try:
        await request_evaluation(
            command,
            context,
            store=ports.store,
            catalogue=ports.catalogue,
            clock=ports.clock,
            ids=lambda: id,
        )
    except Conflict:
        log.info("the evaluation of a tuned model was requested already")
    except Refusal as refusal:
        log.warning("a tuned model can't be evaluated: %s", type(refusal).__name__)
        refused = True

    def decide(job: TuningJob) -> None:
        job.begin_evaluation(id, ports.clock())
        if refused:
            job.evaluated(id, None, ports.clock())

    await amend(TuningJob, job.id, decide, context=context, store=ports.store)
    return None


async def _judge(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    """Whether the evaluation has come to its end."""
    id = job.state.evaluation
    assert id is not None
    evaluation = await ports.store.load(Evaluation, id, tenant=context.tenant)
    if evaluation.state.status in ("finished", "stopped"):
        passed = evaluation.passed if evaluation.state.status == "finished" else None
        await amend(
            TuningJob,
            job.id,
            lambda job: job.evaluated(id, passed, ports.clock()),
            context=context,
            store=ports.store,
        )
    return None


async def _discard(job: TuningJob, context: Context, ports: Ports) -> datetime | None:
    """The training data is not left at the vendor: neither what is on record, nor what lies there under the job's names."""
    place = job.state.plan.place
    try:
        tuner = await _tuner(job, context, ports)
        for part in get_args(Part):
            name = file_name(job.id, part)
            known = job.state.uploads.get(part, ())
            for file in dict.fromkeys((*known, *await tuner.uploads(name, place))):
                await tuner.discard(file, name, place)
    except TuningRefused as refused:
        ended = job.state.ended_at or ports.clock()
        if ports.clock() > ended + DISCARDING:
            log.warning("training files stay at the vendor (%s): delete them there", refused.code)
            return None
        return _later(refused, ports, RARELY)
    await amend(TuningJob, job.id, lambda job: job.discard(ports.clock()), context=context, store=ports.store)
    return None


async def _fail(job: TuningJob, code: str, context: Context, ports: Ports) -> None:
    def decide(job: TuningJob, at: datetime) -> None:
        if job.open:
            job.end("failed", code=code, at=at)

    await record(job.id, decide, context, ports)


async def _tuner(job: TuningJob, context: Context, ports: Ports) -> FineTuner:
    """Raises TuningRefused where the key is gone."""
    try:
        return await ports.tuners.tuner(context.tenant, job.state.plan.provider)
    except Refused:
        raise TuningRefused("no_key") from None


def _later(refused: TuningRefused, ports: Ports, pause: timedelta) -> datetime:
    return ports.clock() + max(pause, timedelta(seconds=refused.after or 0))


def file_name(job: UUID, part: str) -> str:
    """It follows from the job's id: whoever uploads again finds it."""
    return f"retrace-{job.hex}-{part}.jsonl"


_ACTIONS: Mapping[Action, Callable[[TuningJob, Context, Ports], Awaitable[datetime | None]]] = {
    "upload": _upload,
    "submit": _submit,
    "doubt": _doubt,
    "look": _look,
    "poll": _poll,
    "cancel": _cancel,
    "expire": _expire,
    "register": _register,
    "evaluate": _evaluate,
    "judge": _judge,
    "discard": _discard,
}
