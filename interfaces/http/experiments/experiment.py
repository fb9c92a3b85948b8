"""Experiments: variants of the agent beside each other."""

from __future__ import annotations

import asyncio
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from application.experiments.experiment import (
    ConcludeExperiment,
    CreateExperiment,
    ExperimentChanged,
    StartExperiment,
    StopExperiment,
    WidenExperiment,
    conclude_experiment,
    create_experiment,
    start_experiment,
    stop_experiment,
    widen_experiment,
)
from application.experiments.results import results_of, verdicts_of
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.experiments.design import Design
from domain.experiments.experiment import Experiment, Status
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.version import named, tag
from interfaces.http.experiments.experiment_forms import ConcludeIn, StopIn, WidenIn
from interfaces.http.experiments.experiment_shown import (
    ExperimentOut,
    ResultsOut,
    experiment_shown,
    results_shown,
)
from projections.experiments import Experiments, list_experiments


@get("/v1/experiments", scope="analytics:view")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    status: FromQuery[Status | None] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[ExperimentOut]:
    """Experiments, the newest first."""
    pager = Pager(services, principal.tenant, Place, "experiments", status)
    before = await pager.place(cursor)
    async with services.reads.at(principal.tenant, Experiments(), at_least) as sql:
        rows = await list_experiments(sql, principal.tenant, status=status, before=before, limit=limit + 1)
    found = await asyncio.gather(*(_load(services, principal.tenant, row.experiment) for row in rows[:limit]))
    by_id = {each.id: each for each in found}
    return await pager.page(
        rows,
        limit,
        lambda row: experiment_shown(by_id[row.experiment]),
        lambda row: Place(row.created_at, row.experiment),
    )


@post("/v1/experiments", status_code=201, scope="models:deploy")
async def create(
    data: JSONBody[Design], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ExperimentOut]:
    """Make a draft, which nobody is served yet. The first arm is what the others are compared with; an arm without a variant is the agent
    in force. What a variant names and there is not is refused with what there is."""
    created = await create_experiment(
        CreateExperiment(design=data),
        context,
        store=services.store,
        catalogue=services.catalogue,
        clock=services.clock,
        ids=services.ids,
    )
    return await _response(services, context.tenant, created, 201)


@get("/v1/experiments/{experiment:uuid}", scope="analytics:view")
async def read(
    experiment: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[ExperimentOut]:
    """What it compares, how far it has come, and how it ended."""
    found = await _load(services, principal.tenant, experiment)
    return Response(experiment_shown(found), headers=tag(found.version))


@get("/v1/experiments/{experiment:uuid}/results", scope="analytics:view")
async def results(
    experiment: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> ResultsOut:
    """What came of each arm: figures, and how each does beside the first, by intervals that hold however often one looks. 503, with
    Retry-After, while the read model is behind."""
    found = await _load(services, principal.tenant, experiment)
    came = await results_of(found, principal.tenant, outcomes=services.outcomes, clock=services.clock)
    return results_shown(found, came)


@post(
    "/v1/experiments/{experiment:uuid}/start",
    status_code=200,
    scope="models:deploy",
    versioned=named("experiment"),
)
async def start(
    experiment: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ExperimentOut]:
    """Serve its arms from now on, everywhere within a second. It is stopped by itself for harm, and for its benefit."""
    started = await start_experiment(
        StartExperiment(experiment=experiment),
        context,
        store=services.store,
        catalogue=services.catalogue,
        clock=services.clock,
    )
    return await _response(services, context.tenant, started)


@post(
    "/v1/experiments/{experiment:uuid}/widen",
    status_code=200,
    scope="models:deploy",
    versioned=named("experiment"),
)
async def widen(
    experiment: FromPath[UUID],
    data: JSONBody[WidenIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ExperimentOut]:
    """Let more customers take part; who does stays in their arm."""
    command = WidenExperiment(experiment=experiment, traffic=data.traffic)
    widened = await widen_experiment(command, context, store=services.store, clock=services.clock)
    return await _response(services, context.tenant, widened)


@post(
    "/v1/experiments/{experiment:uuid}/stop",
    status_code=200,
    scope="models:deploy",
    versioned=named("experiment"),
)
async def stop(
    experiment: FromPath[UUID],
    data: JSONBody[StopIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ExperimentOut]:
    """Have all customers get the agent in force again; a draft is put aside."""
    command = StopExperiment(experiment=experiment, reason=data.reason)
    stopped = await stop_experiment(command, context, store=services.store, clock=services.clock)
    return await _response(services, context.tenant, stopped)


@post(
    "/v1/experiments/{experiment:uuid}/conclude",
    status_code=200,
    scope="models:deploy",
    versioned=named("experiment"),
)
async def conclude(
    experiment: FromPath[UUID],
    data: JSONBody[ConcludeIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ExperimentOut]:
    """Put on record what it came to, with the figures of this moment; one that runs ends so. The winner's variant is brought to all
    customers by a deployment."""
    found = await _load(services, context.tenant, experiment)
    verdicts = await verdicts_of(found, context.tenant, outcomes=services.outcomes, clock=services.clock)
    command = ConcludeExperiment(
        experiment=experiment, winner=data.winner, reason=data.reason, verdicts=verdicts
    )
    concluded = await conclude_experiment(command, context, store=services.store, clock=services.clock)
    return await _response(services, context.tenant, concluded)


async def _load(services: Services, tenant: UUID, id: UUID) -> Experiment:
    return await services.store.load(Experiment, id, tenant=tenant)


async def _response(
    services: Services, tenant: UUID, changed: ExperimentChanged, status: int = 200
) -> Response[ExperimentOut]:
    headers = await written(services, tenant, changed.position, changed.experiment.version)
    if status == 201:
        headers["Location"] = f"/v1/experiments/{changed.experiment.id}"
    return Response(experiment_shown(changed.experiment), status_code=status, headers=headers)


ROUTER = Router(
    "/",
    route_handlers=[list_all, create, read, results, start, widen, stop, conclude],
    tags=["experiments"],
)
