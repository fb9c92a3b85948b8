"""Datasets: create, fill, list, freeze, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from application.learning.cases import Place as CasePlace
from application.learning.cases import page_of_cases
from application.learning.dataset import (
    Added,
    CreateDataset,
    add_cases,
    create_dataset,
    delete_dataset,
    freeze_dataset,
    import_cases,
    remove_cases,
    warning_of,
)
from application.learning.from_log import FromCorrections, FromInteractions, add_corrections, add_interactions
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.base.table_rows import RefusedRow
from domain.feedback.judgement import BEST
from domain.learning.case import Case, CaseSource
from domain.learning.dataset import LONGEST_NAME, Dataset
from domain.learning.importing import CaseIn
from domain.models.completion import Turn
from domain.retrieval.document import LARGEST
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.retrieval.document import AROUND
from interfaces.http.retrieval.upload import UploadOperation, read_form
from projections.datasets import DatasetRow, Datasets, list_datasets

MOST_WRITTEN = 1_000
MOST_INTERACTIONS = 200
Version = Annotated[int | None, QueryParameter(ge=1, description="The latest, unless told.")]


class DatasetIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    description: Annotated[str, Meta(max_length=2_000)] = ""


class CasesIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    cases: Annotated[tuple[CaseIn, ...], Meta(min_length=1, max_length=MOST_WRITTEN)]


class RemovedIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ids of cases."""

    cases: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MOST_WRITTEN)]


class CorrectionsIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Approved ones with a quality above this."""

    above: Annotated[float, Meta(ge=0, lt=BEST)] = 0.0


class InteractionsIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    interactions: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=MOST_INTERACTIONS)]


class DatasetOut(msgspec.Struct, frozen=True, kw_only=True):
    """`frozen`: the version was used, and stays as it is; a change makes the next. `warning`: what the number of cases says, if anything."""

    id: UUID
    name: str
    description: str
    version: int
    frozen: bool
    cases: int
    warning: str | None
    created_at: datetime
    changed_at: datetime


class AddedOut(msgspec.Struct, frozen=True, kw_only=True):
    """`duplicates` were in it already. `refused`: rows that were not taken, and why, the first 1,000 of `refused_count`; of a spreadsheet the first
    row is 1. `left_out`: corrections, by the reason."""

    version: int
    cases: int
    added: int
    duplicates: int
    refused: tuple[RefusedRow, ...]
    refused_count: int
    left_out: dict[str, int] = {}
    warning: str | None


class CaseOut(msgspec.Struct, frozen=True, kw_only=True):
    """`origin`: the correction or interaction that it was made of."""

    id: UUID
    message: str
    context: tuple[Turn, ...]
    expected_answer: str
    intent: str | None
    category: str | None
    quality: float | None
    source: CaseSource
    origin: UUID | None


class CasesOut(msgspec.Struct, frozen=True, kw_only=True):
    """`erased`: cases that are left out of this page because their customers were erased."""

    items: list[CaseOut]
    next_cursor: str | None
    version: int
    frozen: bool
    erased: int


class FrozenOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    version: int


@post("/v1/datasets", status_code=201, scope="models:deploy")
async def create(
    data: JSONBody[DatasetIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[DatasetOut]:
    """Begin a dataset; it has no case yet."""
    command = CreateDataset(name=data.name, description=data.description)
    made, position = await create_dataset(
        command, context, store=services.store, clock=services.clock, ids=services.ids
    )
    headers = {
        "Location": f"/v1/datasets/{made.id}",
        **await written(services, context.tenant, position, made.version),
    }
    return Response(_out(made), status_code=201, headers=headers)


@get("/v1/datasets", scope="models:deploy")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[DatasetOut]:
    """Datasets, the newest first."""
    tenant = principal.tenant
    pager = Pager(services, tenant, Place, "datasets")
    before = await pager.place(cursor)
    async with services.reads.at(tenant, Datasets(), at_least) as sql:
        rows = await list_datasets(sql, tenant, before=before, limit=limit + 1)
    names = await _names(rows, tenant, services)
    return await pager.page(
        rows, limit, lambda row: _shown(row, names), lambda row: Place(row.created_at, row.dataset)
    )


@get("/v1/datasets/{dataset:uuid}", scope="models:deploy")
async def read(
    dataset: FromPath[UUID], services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> DatasetOut:
    """A dataset as it is now."""
    found = await services.store.load(Dataset, dataset, tenant=principal.tenant)
    if found.state.deleted:
        raise NotFound("this dataset was deleted")
    return _out(found)


@get("/v1/datasets/{dataset:uuid}/cases", scope="models:deploy")
async def read_cases(
    dataset: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    version: Version = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CasesOut:
    """The cases of a version, in the order in which they were added. A page among cases that are gone may have fewer than `limit`."""
    pager = Pager(services, principal.tenant, CasePlace, "cases", dataset, version)
    found = await page_of_cases(
        dataset, version, await pager.place(cursor), limit, principal.tenant, store=services.store
    )
    return CasesOut(
        items=[_case(case) for case in found.cases],
        next_cursor=None if found.ended is None else await pager.cursor(found.ended),
        version=found.version,
        frozen=found.frozen,
        erased=found.erased,
    )


@post("/v1/datasets/{dataset:uuid}/cases", status_code=200, scope="models:deploy")
async def write_cases(
    dataset: FromPath[UUID],
    data: JSONBody[CasesIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[AddedOut]:
    """Add cases that are written by hand; all of them, or none."""
    added = await add_cases(
        dataset, data.cases, context, store=services.store, keyring=services.keyring, clock=services.clock
    )
    return await _added(added, {}, services, context)


@post("/v1/datasets/{dataset:uuid}/cases/remove", status_code=200, scope="models:deploy")
async def remove(
    dataset: FromPath[UUID],
    data: JSONBody[RemovedIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[DatasetOut]:
    """Remove cases, from this version or, where it was used, from the next one on."""
    found, position = await remove_cases(
        dataset, data.cases, context, store=services.store, clock=services.clock
    )
    return Response(_out(found), headers=await written(services, context.tenant, position, found.version))


@post(
    "/v1/datasets/{dataset:uuid}/import",
    status_code=200,
    request_max_body_size=LARGEST + AROUND,
    operation_class=UploadOperation,
    scope="models:deploy",
    rate="uploads",
)
async def import_file(
    dataset: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[AddedOut]:
    """Add cases from a file, CSV or JSON, at most 10 MB; tells row by row what was not taken."""
    async with services.files.spool() as spool:
        await read_form(request, spool)
        data = b"".join([piece async for piece in spool.pieces()])
    added = await import_cases(
        dataset, data, context, store=services.store, keyring=services.keyring, clock=services.clock
    )
    return await _added(added, {}, services, context)


@post("/v1/datasets/{dataset:uuid}/corrections", status_code=200, scope="models:deploy")
async def take_corrections(
    dataset: FromPath[UUID],
    data: JSONBody[CorrectionsIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[AddedOut]:
    """Add all approved corrections as cases. They are learned from no more."""
    added, left_out = await add_corrections(
        FromCorrections(dataset=dataset, above=data.above),
        context,
        store=services.store,
        keyring=services.keyring,
        corrections=services.corrections,
        clock=services.clock,
    )
    return await _added(added, left_out, services, context)


@post("/v1/datasets/{dataset:uuid}/interactions", status_code=200, scope="models:deploy")
async def take_interactions(
    dataset: FromPath[UUID],
    data: JSONBody[InteractionsIn],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[AddedOut]:
    """Add interactions as they were, with what was answered as the answer that is expected."""
    added = await add_interactions(
        FromInteractions(dataset=dataset, interactions=data.interactions),
        context,
        store=services.store,
        keyring=services.keyring,
        locator=services.locator,
        clock=services.clock,
    )
    return await _added(added, {}, services, context)


@post("/v1/datasets/{dataset:uuid}/freeze", status_code=200, scope="models:deploy")
async def freeze(
    dataset: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[FrozenOut]:
    """Keep the latest version as it is from now on. Its first use does it too."""
    version, position = await freeze_dataset(dataset, context, store=services.store, clock=services.clock)
    headers = await written(services, context.tenant, position)
    return Response(FrozenOut(id=dataset, version=version), headers=headers)


@delete("/v1/datasets/{dataset:uuid}", status_code=204, scope="models:deploy")
async def remove_all(
    dataset: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Delete a dataset with all its versions; what was imported into it is erased."""
    position = await delete_dataset(dataset, context, store=services.store, clock=services.clock)
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


async def _added(
    added: Added, left_out: dict[str, int], services: Services, context: Context
) -> Response[AddedOut]:
    body = AddedOut(
        version=added.version,
        cases=added.cases,
        added=added.added,
        duplicates=added.duplicates,
        refused=added.refused,
        refused_count=added.refused_count,
        left_out=left_out,
        warning=added.warning,
    )
    return Response(body, headers=await written(services, context.tenant, added.position))


async def _names(
    rows: Sequence[DatasetRow], tenant: UUID, services: Services
) -> Mapping[int, tuple[str, str]]:
    found = await services.store.several(tenant, [row.created for row in rows])
    return {
        position: (each.event.name, each.event.description)
        for position, each in found.items()
        if isinstance(each.event, Dataset.Created)
    }


def _shown(row: DatasetRow, names: Mapping[int, tuple[str, str]]) -> DatasetOut:
    name, description = names.get(row.created, ("", ""))
    return DatasetOut(
        id=row.dataset,
        name=name,
        description=description,
        version=row.version,
        frozen=row.frozen,
        cases=row.cases,
        warning=warning_of(row.cases),
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def _out(dataset: Dataset) -> DatasetOut:
    state = dataset.state
    return DatasetOut(
        id=dataset.id,
        name=state.name,
        description=state.description,
        version=state.version,
        frozen=state.frozen,
        cases=len(state.cases),
        warning=warning_of(len(state.cases)),
        created_at=dataset.created_on,
        changed_at=dataset.modified_on,
    )


def _case(case: Case) -> CaseOut:
    assert case.exchange is not None
    return CaseOut(
        id=case.id,
        message=case.exchange.message,
        context=case.exchange.context,
        expected_answer=case.exchange.answer,
        intent=case.intent,
        category=case.category,
        quality=case.quality,
        source=case.source,
        origin=case.origin,
    )


ROUTER = Router(
    "/",
    route_handlers=[
        create,
        list_all,
        read,
        read_cases,
        write_cases,
        remove,
        import_file,
        take_corrections,
        take_interactions,
        freeze,
        remove_all,
    ],
    tags=["learning"],
)
