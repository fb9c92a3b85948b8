"""Training sets: ask for one, see what it is made of, export it for a vendor."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from application.learning.training.export import export_training_set, look_at_export
from application.learning.training.training_set import (
    RequestTrainingSet,
    delete_training_set,
    request_training_set,
)
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.learning.training.example import Part
from domain.learning.training.formats import Format
from domain.learning.training_set import TrainingSet
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.stream import GuardedStream
from interfaces.http.learning.training_set_forms import (
    ExportOut,
    TrainingSetIn,
    TrainingSetItem,
    TrainingSetOut,
    listed,
    shown,
)
from projections.datasets import Datasets, TrainingSetRow, list_training_sets

LINES = "application/x-ndjson"
AT_ONCE = 200
"""Lines of one piece."""


@post("/v1/training-sets", status_code=202, scope="models:deploy")
async def request_one(
    data: JSONBody[TrainingSetIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[TrainingSetOut]:
    """Ask for a training set of the corrections that are approved now. Its status is `ready` once it is made, `failed` where it can't be."""
    command = RequestTrainingSet(name=data.name, system=data.system, minimum_quality=data.minimum_quality)
    made, position = await request_training_set(command, context, services)
    headers = {
        "Location": f"/v1/training-sets/{made.id}",
        **await written(services, context.tenant, position, made.version),
    }
    return Response(shown(made), status_code=202, headers=headers)


@get("/v1/training-sets", scope="models:deploy")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[TrainingSetItem]:
    """Training sets, the newest first."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "training-sets")
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Datasets(), at_least) as sql:
        rows = await list_training_sets(sql, tenant, before=before, limit=limit + 1)
    names = await _names(rows, tenant, services)
    return await pager.page(
        rows, limit, lambda row: listed(row, names), lambda row: Place(row.requested_at, row.training_set)
    )


@get("/v1/training-sets/{training_set:uuid}", scope="models:deploy")
async def read(
    training_set: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
) -> TrainingSetOut:
    """What it is made of, and what was left out."""
    found = await services.store.load(TrainingSet, training_set, tenant=principal.tenant)
    if found.state.status == "deleted":
        raise NotFound("this training set was deleted")
    return shown(found)


@get("/v1/training-sets/{training_set:uuid}/check", scope="models:deploy")
async def check(
    training_set: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    format: FromQuery[Format] = "openai",
    part: FromQuery[Part] = "train",
) -> ExportOut:
    """What its file for a vendor would be now, and whether that vendor would take it."""
    export = await look_at_export(training_set, format, part, principal.tenant, services)
    return ExportOut(
        format=format,
        part=part,
        examples=len(export.lines),
        bytes=export.size,
        gone=export.gone,
        problems=export.problems,
    )


@get("/v1/training-sets/{training_set:uuid}/export", scope="models:deploy", media_type=LINES)
async def export(
    training_set: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    format: FromQuery[Format] = "openai",
    part: FromQuery[Part] = "train",
) -> GuardedStream:
    """The examples of one side as a vendor's training file, one a line. The same examples give the same bytes."""
    made = await export_training_set(training_set, format, part, principal.tenant, services)
    access = access_control.enter(request)
    headers = {
        "Content-Length": str(made.size),
        "Content-Disposition": f'attachment; filename="{format}-{part}.jsonl"',
    }
    return GuardedStream(_pieces(made.lines), access, last_word=None, media_type=LINES, headers=headers)


@delete("/v1/training-sets/{training_set:uuid}", status_code=204, scope="models:deploy")
async def remove(
    training_set: FromPath[UUID],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[None]:
    """Delete a training set; its texts are erased. Files that were exported are not ours to delete."""
    position = await delete_training_set(training_set, context, services)
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


async def _pieces(lines: Sequence[bytes]) -> AsyncGenerator[bytes, None]:
    for first in range(0, len(lines), AT_ONCE):
        yield b"".join(lines[first : first + AT_ONCE])


async def _names(rows: Sequence[TrainingSetRow], tenant: UUID, services: Services) -> Mapping[int, str]:
    found = await services.store.several(tenant, [row.requested for row in rows])
    return {
        position: each.event.name
        for position, each in found.items()
        if isinstance(each.event, TrainingSet.Requested)
    }


ROUTER = Router("/", route_handlers=[request_one, list_all, read, check, export, remove], tags=["learning"])
