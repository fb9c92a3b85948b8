"""The cases of a dataset: read, written, imported, taken from corrections and interactions, removed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from application.learning.cases import Place as CasePlace
from application.learning.cases import page_of_cases
from application.learning.dataset import (
    Added,
    add_cases,
    import_cases,
    remove_cases,
)
from application.learning.from_log import FromCorrections, FromInteractions, add_corrections, add_interactions
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.retrieval.document import LARGEST
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Pager
from interfaces.http.base.position import written
from interfaces.http.learning.dataset_forms import (
    AddedOut,
    CasesIn,
    CasesOut,
    CorrectionsIn,
    DatasetOut,
    InteractionsIn,
    RemovedIn,
    Version,
    shown,
    shown_case,
)
from interfaces.http.retrieval.document import AROUND
from interfaces.http.retrieval.upload import UploadOperation, read_form


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
        items=[shown_case(case) for case in found.cases],
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
    return Response(shown(found), headers=await written(services, context.tenant, position, found.version))


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


ROUTER = Router(
    "/",
    route_handlers=[read_cases, write_cases, remove, import_file, take_corrections, take_interactions],
    tags=["learning"],
)
