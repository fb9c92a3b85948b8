"""A document, or a file of knowledge entries, is uploaded by a form of a page."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency

from application.retrieval.document import UploadDocument, upload_document
from application.retrieval.knowledge.importing import import_entries
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.retrieval.document import LARGEST
from interfaces.bootstrap import Services
from interfaces.http.base.limits.intake import taken_in
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.page import done, page
from interfaces.http.retrieval.document import AROUND

PIECE = 64 * 1024


@post(
    "/console/documents/upload",
    status_code=303,
    scope="integrations:manage",
    rate="uploads",
    request_max_body_size=LARGEST + AROUND,
)
async def document(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """Take a document in; its page tells how far it is."""
    form = await request.form()
    file = _file(form.get("file"))
    async with services.files.spool() as spool:
        while piece := await file.read(PIECE):
            await spool.write(piece)
        if not spool.size:
            raise Invalid("the file is empty; upload one with content")
        uploaded = await upload_document(
            UploadDocument(name=file.filename, content=spool, replace=form.get("replace") == "yes"),
            context,
            store=services.store,
            keyring=services.keyring,
            files=services.files,
            extractor=services.extractor,
            named=services.named_documents,
            clock=services.clock,
        )
    taken_in(request)
    text = "This very content is there already, as this document." if uploaded.duplicate else "Uploaded."
    return done(request, services, f"/console/documents/{uploaded.document}?at={uploaded.position}", text)


@post(
    "/console/knowledge/import",
    status_code=200,
    scope="integrations:manage",
    rate="uploads",
    request_max_body_size=LARGEST + AROUND,
)
async def knowledge(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
) -> Response[Any]:
    """Write entries from a file; the answer tells row by row what became of it."""
    file = _file((await request.form()).get("file"))
    imported = await import_entries(
        await file.read(),
        context,
        store=services.store,
        keyring=services.keyring,
        vectors=services.vectors,
        clock=services.clock,
    )
    taken_in(request)
    return page(
        request,
        services,
        "agent/imported.html",
        counts=dict(imported.counts),
        rows=list(imported.rows),
        at=imported.position,
    )


def _file(found: Any) -> UploadFile:
    if not isinstance(found, UploadFile) or not found.filename:
        raise Invalid("choose a file first")
    return found


ROUTER = Router(
    "/", route_handlers=[document, knowledge], include_in_schema=False, exception_handlers=HANDLERS
)
