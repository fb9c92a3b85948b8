"""`/v1/evaluations`: a variant of the agent over the cases of a dataset, beside a baseline, to a report."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from application.learning.evaluation import (
    RequestEvaluation,
    StopEvaluation,
    evaluations_of,
    request_evaluation,
    stop_evaluation,
)
from application.learning.results import answers_of
from application.tenancy.authentication import Principal
from domain.answers.variant import Variant
from domain.base.context import Context
from domain.learning.evaluation import Baseline, Evaluation, Pace
from domain.learning.recommending import Minimum
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.position import written
from interfaces.http.base.version import named, tag
from interfaces.http.learning.evaluation_out import (
    EvaluatedAnswerOut,
    EvaluationOut,
    shown_answer,
    shown_evaluation,
)

Name = Annotated[str, Meta(min_length=1, max_length=200)]
ModelName = Annotated[str, Meta(min_length=3, max_length=300)]


class EvaluationIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`dataset`, of which `version` is asked (left out: the latest, which is frozen by it). `variant`: what differs from the agent in force. `baseline`:
    left out it is the agent in force, null compares with nothing. `judge`: provider/model that marks each answer. `most`: USD that all of it
    may cost, beside the tenant's budget."""

    name: Name
    dataset: UUID
    version: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    variant: Variant = msgspec.field(default_factory=Variant)
    baseline: Baseline | None = msgspec.field(default_factory=lambda: Baseline(variant=Variant()))
    judge: ModelName | None = None
    minimum: Minimum = Minimum()
    pace: Pace = Pace()
    most: Decimal | None = None


class EvaluationStopIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


@post("/v1/evaluations", status_code=201, scope="models:deploy")
async def request(
    data: JSONBody[EvaluationIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[EvaluationOut]:
    """Ask a variant of the agent every case of a dataset, and its baseline too. A worker does it, within the pace and the budget; it goes on where it
    was after a crash."""
    command = RequestEvaluation(**msgspec.structs.asdict(data))
    made = await request_evaluation(
        command,
        context,
        store=services.store,
        catalogue=services.catalogue,
        clock=services.clock,
        ids=services.ids,
    )
    headers = await written(services, context.tenant, made.position, made.evaluation.version)
    headers |= {"Location": f"/v1/evaluations/{made.evaluation.id}"}
    return Response(shown_evaluation(made.evaluation), status_code=201, headers=headers)


@get("/v1/evaluations", scope="analytics:view")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response[Page[EvaluationOut]]:
    """All evaluations, the newest first."""
    pager = Pager(services, principal.tenant, UUID, "evaluations")
    place = await pager.place(cursor)
    found = await evaluations_of(principal.tenant, store=services.store)
    begin = 0 if place is None else found.index(place) + 1
    rows = [
        await services.store.load(Evaluation, id, tenant=principal.tenant)
        for id in found[begin : begin + limit + 1]
    ]
    return Response(await pager.page(rows, limit, shown_evaluation, lambda row: row.id))


@get("/v1/evaluations/{evaluation:uuid}", scope="analytics:view")
async def read(
    evaluation: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Response[EvaluationOut]:
    """How far it has come, and its report."""
    found = await services.store.load(Evaluation, evaluation, tenant=principal.tenant)
    return Response(shown_evaluation(found), headers=tag(found.version))


@get("/v1/evaluations/{evaluation:uuid}/answers", scope="conversations:read")
async def answers(
    evaluation: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[Page[EvaluatedAnswerOut]]:
    """Answer by answer, in the order in which they came, with the figures of each."""
    pager = Pager(services, principal.tenant, int, "evaluation answers", evaluation)
    place = await pager.place(cursor)
    await services.store.load(Evaluation, evaluation, tenant=principal.tenant)
    found = answers_of(evaluation, principal.tenant, after=place or 0, limit=limit + 1, store=services.store)
    rows = [row async for row in found]
    return Response(await pager.page(rows, limit, shown_answer, lambda row: row.version))


@post(
    "/v1/evaluations/{evaluation:uuid}/stop",
    status_code=200,
    scope="models:deploy",
    versioned=named("evaluation"),
)
async def stop(
    evaluation: FromPath[UUID],
    data: JSONBody[EvaluationStopIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[EvaluationOut]:
    """Ask no more. What it has cost stands on record; there is no report."""
    command = StopEvaluation(evaluation=evaluation, reason=data.reason)
    made = await stop_evaluation(command, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, made.position, made.evaluation.version)
    return Response(shown_evaluation(made.evaluation), headers=headers)


ROUTER = Router("/", route_handlers=[request, list_all, read, answers, stop], tags=["learning"])
