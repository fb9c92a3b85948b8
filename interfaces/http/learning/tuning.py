"""`/v1/fine-tuning`: jobs that make a model of a training set at a vendor, the targets that there are, a job a month."""

from __future__ import annotations

from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.learning.tuning.request import (
    NameEvaluation,
    RequestTuning,
    TuningChanged,
    cancel_tuning,
    name_evaluation,
    request_tuning,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.learning.tuning_job import TuningJob, TuningPlan
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from interfaces.http.learning.tuning_forms import (
    TargetOut,
    TunableModelOut,
    TunedEvaluationIn,
    TuningIn,
    TuningJobOut,
    shown,
)
from projections.tuning_jobs import TuningJobRow, TuningJobs, list_tuning_jobs


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


async def _response(
    changed: TuningChanged, services: Services, context: Context, status: int = 200
) -> Response[TuningJobOut]:
    headers = await written(services, context.tenant, changed.position, changed.job.version)
    if status == 201:
        headers |= {"Location": f"/v1/fine-tuning/jobs/{changed.job.id}"}
    return Response(shown(changed.job), status_code=status, headers=headers)


ROUTER = Router(
    "/",
    route_handlers=[request, list_all, read, cancel, evaluate, list_targets],
    tags=["learning"],
)
