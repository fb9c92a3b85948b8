"""The knowledge base, filled from a file."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.di import NamedDependency

from application.retrieval.knowledge.importing import Outcome, RowReport, import_entries
from domain.base.context import Context
from domain.retrieval.document import LARGEST
from interfaces.bootstrap import Services
from interfaces.http.base.limits.intake import taken_in
from interfaces.http.base.position import written
from interfaces.http.retrieval.document import AROUND
from interfaces.http.retrieval.upload import UploadOperation, read_form


class ImportedOut(msgspec.Struct, frozen=True, kw_only=True):
    """`rows`, in their order: what became of each. `counts` says how often."""

    counts: dict[Outcome, int]
    rows: list[RowReport]


@post(
    "/v1/knowledge/import",
    status_code=200,
    request_max_body_size=LARGEST + AROUND,
    operation_class=UploadOperation,
    scope="integrations:manage",
    rate="uploads",
)
async def import_file(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[ImportedOut]:
    """Write entries from a file, CSV or JSON, at most 10 MB and 5,000 rows; tells row by row what became of it."""
    async with services.files.spool() as spool:
        await read_form(request, spool)
        data = b"".join([piece async for piece in spool.pieces()])
    taken_in(request)
    imported = await import_entries(
        data,
        context,
        store=services.store,
        keyring=services.keyring,
        vectors=services.vectors,
        clock=services.clock,
    )
    body = ImportedOut(counts=dict(imported.counts), rows=list(imported.rows))
    return Response(body, headers=await written(services, context.tenant, imported.position))


ROUTER = Router("/", route_handlers=[import_file], tags=["knowledge"])
