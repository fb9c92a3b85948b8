"""Documents: upload, list, status, delete, process again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from application.base.in_work import waits_long
from application.ports import Progress, Unavailable
from application.retrieval.document import (
    ReprocessDocument,
    UploadDocument,
    Uploaded,
    reprocess_document,
    upload_document,
)
from application.retrieval.removing import DeleteDocument, delete_document
from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import Invalid, NotFound
from domain.retrieval.document import LARGEST, Document, Status
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.limits.intake import taken_in
from interfaces.http.base.moments import settled_within
from interfaces.http.base.pages import Cursor, Limit, Page, Pager, Place
from interfaces.http.base.position import AtLeast, written
from interfaces.http.base.presence import LONGEST_WAIT
from interfaces.http.base.stream import GuardedStream
from interfaces.http.retrieval.document_forms import (
    CutOut,
    DocumentOut,
    MediaType,
    ReadDocumentOut,
    ReprocessOut,
    StatisticsOut,
    UploadOut,
    shown_document,
    unread_told,
)
from interfaces.http.retrieval.upload import UploadOperation, read_form
from projections.documents import DocumentRow, Documents, get_document, list_documents

Wait = Annotated[
    float,
    QueryParameter(ge=0, le=LONGEST_WAIT, description="Seconds to wait until it is completed or failed."),
]
Replace = Annotated[
    bool,
    QueryParameter(description="Once it is completed, delete the documents before it that have its name."),
]
AROUND = 64 * 1024
"""Bytes of a form around its file."""


@post(
    "/v1/documents",
    status_code=201,
    request_max_body_size=LARGEST + AROUND,
    operation_class=UploadOperation,
    scope="integrations:manage",
    rate="uploads",
)
async def upload(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    context: NamedDependency[Context],
    access_control: NamedDependency[AccessControl],
    wait: Wait = 0,
    replace: Replace = False,
) -> Response[UploadOut]:
    """Upload a PDF, DOCX, HTML, Markdown, CSV or text file, at most 10 MB. The same content again gives the first document (200)."""
    async with services.files.spool() as spool:
        name = await read_form(request, spool)
        if not spool.size:
            raise Invalid("the file is empty; upload one with content")
        uploaded = await upload_document(
            UploadDocument(name=name, content=spool, replace=replace),
            context,
            store=services.store,
            keyring=services.keyring,
            files=services.files,
            extractor=services.extractor,
            named=services.named_documents,
            clock=services.clock,
        )
    taken_in(request)
    async with access_control.waiting(request):
        status = await _status(uploaded.document, wait, context.tenant, services)
    same_name = await _same_name(uploaded, context.tenant, services)
    body = UploadOut(id=uploaded.document, status=status, duplicate=uploaded.duplicate, same_name=same_name)
    headers = {
        "Location": f"/v1/documents/{uploaded.document}",
        **await written(services, context.tenant, uploaded.position),
    }
    return Response(body, status_code=200 if uploaded.duplicate else 201, headers=headers)


@get("/v1/documents", scope="integrations:manage")
async def list_all(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    status: FromQuery[Status | None] = None,
    media_type: MediaType = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[DocumentOut]:
    """Documents, the newest first; deleted ones only when asked for."""
    pager = Pager(services, principal.tenant, Place, "documents", status, media_type)
    before = await pager.place(cursor)
    async with services.reads.at(principal.tenant, Documents(), at_least) as sql:
        rows = await list_documents(
            sql, principal.tenant, status=status, media_type=media_type, before=before, limit=limit + 1
        )
    texts, progress = await _told(rows, principal.tenant, services)
    return await pager.page(
        rows,
        limit,
        lambda row: shown_document(row, texts, progress.get(row.document)),
        lambda row: Place(row.uploaded_at, row.document),
    )


@get("/v1/documents/{document:uuid}", scope="integrations:manage")
async def read(
    document: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
    wait: Wait = 0,
    at_least: AtLeast = None,
) -> ReadDocumentOut:
    """A document's status and figures, how far it is while it is processed, and the statistics of its chunks."""
    tenant = principal.tenant
    if wait:
        async with access_control.waiting(request):
            await _status(document, wait, tenant, services)
        at_least = max(at_least or 0, await services.reads.head(tenant))
    row = await services.reads.find(
        tenant, Documents(), lambda sql: get_document(sql, tenant, document), at_least
    )
    if row is None or row.status == "deleted":
        raise NotFound(f"there is no document {document} in this tenant")
    texts, progress = await _told([row], tenant, services)
    shown = shown_document(row, texts, progress.get(document))
    statistics = await _statistics(document, tenant, services)
    return ReadDocumentOut(**msgspec.structs.asdict(shown), statistics=statistics)


@get("/v1/documents/{document:uuid}/content", scope="integrations:manage")
async def download(
    document: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
) -> GuardedStream:
    """The file as it was uploaded."""
    found = await services.store.load(Document, document, tenant=principal.tenant)
    if found.state.status == "deleted":
        raise NotFound("this document was deleted")
    access = access_control.enter(request)
    waits_long()
    pieces = services.files.read(principal.tenant, document)
    first = await anext(pieces)  # so that a file that is gone is told as such
    headers = {
        "Content-Length": str(found.state.size),
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.state.name, safe='')}",
    }
    parts = _after(first, pieces)
    return GuardedStream(parts, access, last_word=None, media_type=found.state.media_type, headers=headers)


@delete("/v1/documents/{document:uuid}", status_code=204, scope="integrations:manage")
async def remove(
    document: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[None]:
    """Delete a document; its file and vectors are removed."""
    command = DeleteDocument(document=document)
    position = await delete_document(
        command, context, store=services.store, vectors=services.vectors, clock=services.clock
    )
    return Response(None, status_code=204, headers=await written(services, context.tenant, position))


@post("/v1/documents/{document:uuid}/reprocess", status_code=202, scope="integrations:manage", rate="uploads")
async def reprocess(
    document: FromPath[UUID], services: NamedDependency[Services], context: NamedDependency[Context]
) -> Response[ReprocessOut]:
    """Process a document again."""
    command = ReprocessDocument(document=document)
    position = await reprocess_document(command, context, store=services.store, clock=services.clock)
    headers = {
        "Location": f"/v1/documents/{document}",
        **await written(services, context.tenant, position),
    }
    return Response(ReprocessOut(id=document), status_code=202, headers=headers)


async def _statistics(document: UUID, tenant: UUID, services: Services) -> StatisticsOut:
    counted = await services.chunks.statistics(tenant, document)
    sizes = (await services.store.load(Document, document, tenant=tenant)).state.cut
    cut = None if sizes is None else CutOut(**msgspec.structs.asdict(sizes))
    return StatisticsOut(**msgspec.structs.asdict(counted), cut=cut)


async def _after(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece


async def _status(document: UUID, wait: float, tenant: UUID, services: Services) -> Status:
    """A document's status; one that is being processed is waited for. Raises NotFound."""

    async def look() -> tuple[Status, bool]:
        status = (await services.store.load(Document, document, tenant=tenant)).state.status
        return status, status not in ("pending", "processing")

    return await settled_within(services, tenant, wait, look)


async def _same_name(uploaded: Uploaded, tenant: UUID, services: Services) -> list[UUID] | None:
    """Other documents of the name; None while the read model can't tell, for the upload itself is done."""
    try:
        found = await services.named_documents.find(tenant, uploaded.name_key)
    except Unavailable:
        return None
    return [document for document in found if document != uploaded.document]


async def _told(
    rows: Sequence[DocumentRow], tenant: UUID, services: Services
) -> tuple[dict[int, str], Mapping[UUID, Progress]]:
    """Texts by position, and by document how far it is that is processed."""
    running = [row.document for row in rows if row.status == "processing"]
    return await _texts(rows, tenant, services), await services.progress.find(tenant, running)


async def _texts(rows: Sequence[DocumentRow], tenant: UUID, services: Services) -> dict[int, str]:
    """By position the texts that rows point at: they are in the log only, where they are sealed."""
    positions = [position for row in rows for position in (row.uploaded, row.failed, row.unread) if position]
    texts = {}
    for position, recorded in (await services.store.several(tenant, positions)).items():
        if isinstance(recorded.event, Document.Uploaded):
            texts[position] = recorded.event.name
        elif isinstance(recorded.event, Document.ProcessingFailed | Document.ProcessingDelayed):
            texts[position] = recorded.event.reason
        elif isinstance(recorded.event, Document.Processed):
            texts[position] = unread_told(recorded.event.unread_pages, recorded.event.unread_because)
    return texts


ROUTER = Router("/", route_handlers=[upload, list_all, read, download, remove, reprocess], tags=["documents"])
