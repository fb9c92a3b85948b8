"""`/v1/fine-tuning`: jobs that make a model of a training set at a vendor, the targets that there are, a job a month."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from application.base.setting import load_setting
from application.learning.tuning.request import (
    NameEvaluation,
    RequestTuning,
    TuningChanged,
    cancel_tuning,
    name_evaluation,
    request_tuning,
)
from application.learning.tuning.schedule import SetSchedule, set_schedule
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.learning.tuning_job import Basis, Status, TuningJob, TuningPlan
from domain.learning.tuning_schedule import Month, Monthly, TuningSchedule
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, one, tag
from projections.tuning_jobs import TuningJobRow, TuningJobs, list_tuning_jobs

Provider = Annotated[str, Meta(min_length=1, max_length=60)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Parts = Annotated[dict[Provider, Name], Meta(max_length=10)]
Epochs = Annotated[int, Meta(ge=1, le=50)]


class TuningIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model`: the provider's base model. `place`: where it runs, as `needs` of the target has it. `epochs`: left out the vendor chooses.
    `dataset`: what the result is evaluated on before it is ready. `training_price`: USD per million trained tokens, in the place of what is
    known."""

    provider: Provider
    model: Name
    training_set: UUID
    place: Parts = {}
    epochs: Epochs | None = None
    dataset: UUID | None = None
    training_price: Decimal | None = None


class MonthlyIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As a job; its training set has all that is approved by then. `minimum`: new examples since the last job, below which there is none."""

    provider: Provider
    model: Name
    minimum: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    place: Parts = {}
    epochs: Epochs | None = None
    dataset: UUID | None = None
    training_price: Decimal | None = None


class TunedEvaluationIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    evaluation: UUID


class TuningJobOut(msgspec.Struct, frozen=True, kw_only=True):
    """`vendor_status` is the vendor's own word. Sums are in USD: `estimate` is held until the end; `cost` rests on `cost_basis` (the vendor's
    sum, its tokens, our estimate, or nothing where it never ran). `model`: in the catalogue, as provider/name. `error`: the vendor's code."""

    id: UUID
    status: Status
    provider: str
    base_model: str
    training_set: UUID
    dataset: UUID | None
    examples: int
    requested_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None
    vendor_job: str | None
    vendor_status: str | None
    attempts: int
    cancelling: bool
    estimate: Decimal
    cost: Decimal | None
    cost_basis: Basis | None
    model: str | None
    evaluation: UUID | None
    error: str | None
    scheduled: str | None


class TunableModelOut(msgspec.Struct, frozen=True, kw_only=True):
    """`training_price`: USD per million trained tokens; `until`: from then on it can't be tuned."""

    model: str
    training_price: Decimal
    until: datetime | None


class TargetOut(msgspec.Struct, frozen=True, kw_only=True):
    """`open`: whether it takes new jobs today, until `closes_at`. `needs`: what a job's `place` says."""

    provider: str
    open: bool
    closes_at: datetime | None
    needs: tuple[str, ...]
    models: list[TunableModelOut]


class ScheduleOut(msgspec.Struct, frozen=True, kw_only=True):
    """`monthly` null: there are no jobs by themselves. `last`: what became of the last month."""

    monthly: Monthly | None
    last: Month | None


@post("/v1/fine-tuning/jobs", status_code=201, scope="models:deploy")
async def request(
    data: JSONBody[TuningIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[TuningJobOut]:
    """Make a model of a training set. Its estimate is held in the budget; a worker uploads, submits once, polls, and takes the model over."""
    plan = TuningPlan(
        provider=data.provider,
        model=data.model,
        training_set=data.training_set,
        place=data.place,
        epochs=data.epochs,
        dataset=data.dataset,
    )
    command = RequestTuning(plan=plan, training_price=data.training_price)
    made = await request_tuning(command, context, services)
    return await _response(made, services, context, 201)


@get("/v1/fine-tuning/jobs", scope="analytics:view")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    limit: Limit = 50,
    cursor: Cursor = None,
    at_least: AtLeast = None,
) -> Page[TuningJobRow]:
    """The newest first."""
    pager = Pager(services, principal.tenant, Place, "fine-tuning jobs")
    before = await pager.place(cursor)
    async with services.reads.at(principal.tenant, TuningJobs(), at_least) as sql:
        rows = await list_tuning_jobs(sql, principal.tenant, before=before, limit=limit)
    return await pager.page(rows, limit, lambda row: row, lambda row: Place(row.requested_at, row.job))


@get("/v1/fine-tuning/jobs/{job:uuid}", scope="analytics:view")
async def read(
    job: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[TuningJobOut]:
    """How it stands."""
    found = await services.store.load(TuningJob, job, tenant=principal.tenant)
    return Response(shown(found), headers=tag(found.version))


@post(
    "/v1/fine-tuning/jobs/{job:uuid}/cancel", status_code=200, scope="models:deploy", versioned=named("job")
)
async def cancel(
    job: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[TuningJobOut]:
    """Ask for its end, at the vendor too. What it has trained on by then may be charged."""
    return await _response(await cancel_tuning(job, context, services), services, context)


@post(
    "/v1/fine-tuning/jobs/{job:uuid}/evaluation",
    status_code=200,
    scope="models:deploy",
    versioned=named("job"),
)
async def evaluate(
    job: FromPath[UUID],
    data: JSONBody[TunedEvaluationIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[TuningJobOut]:
    """Name the evaluation of its model by which it is ready, or rejected."""
    command = NameEvaluation(job=job, evaluation=data.evaluation)
    return await _response(await name_evaluation(command, context, services), services, context)


@get("/v1/fine-tuning/targets", scope="analytics:view")
async def list_targets(services: NamedDependency[Services]) -> Page[TargetOut]:
    """Where models can be tuned, until when, and what training costs. `next_cursor` is always null."""
    at = services.clock()
    found = [
        TargetOut(
            provider=target.provider,
            open=target.open(at),
            closes_at=target.closes,
            needs=target.needs,
            models=[
                TunableModelOut(model=model.name, training_price=model.training, until=model.until)
                for model in target.models
                if model.open(at)
            ],
        )
        for target in services.targets.all.values()
    ]
    return Page(found, None)


@get("/v1/fine-tuning/schedule", scope="analytics:view")
async def read_schedule(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ScheduleOut]:
    """What is tuned each month."""
    found = await load_setting(TuningSchedule, principal.tenant, store=services.store)
    if found is None:
        return Response(ScheduleOut(monthly=None, last=None), headers=tag(0))
    return Response(_schedule(found), headers=tag(found.version))


@put("/v1/fine-tuning/schedule", scope="models:deploy", versioned=one(TuningSchedule.id_of))
async def replace_schedule(
    data: JSONBody[MonthlyIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ScheduleOut]:
    """Tune a model each month, on its first day, once there are enough new examples."""
    monthly = Monthly(**msgspec.structs.asdict(data))
    return await _schedule_set(monthly, services, context)


@delete(
    "/v1/fine-tuning/schedule", status_code=200, scope="models:deploy", versioned=one(TuningSchedule.id_of)
)
async def remove_schedule(
    services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ScheduleOut]:
    """Tune nothing by itself any more; jobs under way go on."""
    return await _schedule_set(None, services, context)


async def _schedule_set(
    monthly: Monthly | None, services: Services, context: Context
) -> Response[ScheduleOut]:
    changed = await set_schedule(SetSchedule(monthly=monthly), context, services)
    headers = await written(services, context.tenant, changed.position, changed.version)
    return Response(_schedule(changed.setting), headers=headers)


def _schedule(found: TuningSchedule) -> ScheduleOut:
    return ScheduleOut(monthly=found.state.monthly, last=found.state.last)


async def _response(
    changed: TuningChanged, services: Services, context: Context, status: int = 200
) -> Response[TuningJobOut]:
    headers = await written(services, context.tenant, changed.position, changed.job.version)
    if status == 201:
        headers |= {"Location": f"/v1/fine-tuning/jobs/{changed.job.id}"}
    return Response(shown(changed.job), status_code=status, headers=headers)


def shown(job: TuningJob) -> TuningJobOut:
    state, plan = job.state, job.state.plan
    return TuningJobOut(
        id=job.id,
        status=state.status,
        provider=plan.provider,
        base_model=plan.model,
        training_set=plan.training_set,
        dataset=plan.dataset,
        examples=state.examples,
        requested_at=state.requested_at,
        submitted_at=state.submitted_at,
        ended_at=state.ended_at,
        vendor_job=state.vendor_job,
        vendor_status=state.word,
        attempts=state.attempt,
        cancelling=state.cancel_asked and job.open,
        estimate=state.estimate,
        cost=state.cost,
        cost_basis=state.basis,
        model=state.registered,
        evaluation=state.evaluation,
        error=state.code,
        scheduled=state.scheduled,
    )


ROUTER = Router(
    "/",
    route_handlers=[
        request,
        list_all,
        read,
        cancel,
        evaluate,
        list_targets,
        read_schedule,
        replace_schedule,
        remove_schedule,
    ],
    tags=["learning"],
)
