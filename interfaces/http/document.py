"""Documents: upload, list, status, delete, process again."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter

from application.context import Context
from application.document import (
    DeleteDocument,
    ReprocessDocument,
    UploadDocument,
    delete_document,
    reprocess_document,
    upload_document,
)
from application.tenant import Principal
from domain.document import LARGEST, Document, Status
from domain.errors import Invalid, NotFound
from interfaces.bootstrap import Services
from interfaces.http.pages import Cursor, Limit, Page, page, parsed
from interfaces.http.reading import AtLeast, reading, written
from projections.documents import DocumentRow, Documents, get_document, list_documents


class UploadIn(msgspec.Struct, forbid_unknown_fields=True):
    file: UploadFile


class DocumentOut(msgspec.Struct, frozen=True, kw_only=True):
    """`reason` says, for a person, why processing failed. Cost in USD."""

    id: UUID
    name: str
    media_type: str
    size: int
    status: Status
    reason: str | None
    pages: int
    chunks: int
    tokens: int
    embedding_model: str | None
    cost: Decimal
    uploaded_at: datetime
    changed_at: datetime


class UploadOut(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    status: Status
    duplicate: bool


@post("/v1/documents", status_code=201, request_max_body_size=LARGEST + 64 * 1024)
async def upload(
    data: Annotated[UploadIn, Body(media_type=RequestEncodingType.MULTI_PART)],
    services: Services,
    principal: Principal,
    context: Context,
) -> Response[UploadOut]:
    """Upload a PDF or a text, at most 10 MB. The same content again gives the first document (200)."""
    principal.require("integrations:manage")
    content = await data.file.read()
    if not content:
        raise Invalid("the file is empty; upload one with content")
    uploaded = await upload_document(
        UploadDocument(name=data.file.filename or "unnamed", content=content),
        context,
        store=services.store,
        keyring=services.keyring,
        files=services.files,
        extractor=services.extractor,
        clock=services.clock,
    )
    document = await services.store.load(Document, uploaded.document, tenant=principal.tenant)
    body = UploadOut(id=uploaded.document, status=document.state.status, duplicate=uploaded.duplicate)
    headers = {"Location": f"/v1/documents/{uploaded.document}", **written(uploaded.position)}
    return Response(body, status_code=200 if uploaded.duplicate else 201, headers=headers)


@get("/v1/documents")
async def list_all(
    services: Services,
    principal: Principal,
    status: Status | None = None,
    media_type: Annotated[str | None, Parameter(max_length=100)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    at_least: AtLeast = None,
) -> Page[DocumentOut]:
    """Documents, the newest first; deleted ones only when asked for."""
    principal.require("integrations:manage")
    before = parsed(cursor)
    async with reading(services, principal.tenant, Documents(), at_least) as sql:
        rows = await list_documents(
            sql, principal.tenant, status=status, media_type=media_type, before=before, limit=limit + 1
        )
    return page(rows, limit, _shown, lambda row: (row.uploaded_at, row.document))


@get("/v1/documents/{document:uuid}")
async def read(
    document: UUID, services: Services, principal: Principal, at_least: AtLeast = None
) -> DocumentOut:
    """A document's status and figures."""
    principal.require("integrations:manage")
    async with reading(services, principal.tenant, Documents(), at_least) as sql:
        row = await get_document(sql, principal.tenant, document)
    if row is None or row.status == "deleted":
        raise NotFound(f"there is no document {document} in this tenant")
    return _shown(row)


@get("/v1/documents/{document:uuid}/content")
async def download(document: UUID, services: Services, principal: Principal) -> Response[bytes]:
    """The file as it was uploaded."""
    principal.require("integrations:manage")
    found = await services.store.load(Document, document, tenant=principal.tenant)
    if found.state.status == "deleted":
        raise NotFound("this document was deleted")
    content = await services.files.read(principal.tenant, document)
    return Response(content, media_type=found.state.media_type, headers={"X-Content-Type-Options": "nosniff"})


@delete("/v1/documents/{document:uuid}", status_code=204)
async def remove(
    document: UUID, services: Services, principal: Principal, context: Context
) -> Response[None]:
    """Delete a document; its file and vectors are removed."""
    principal.require("integrations:manage")
    command = DeleteDocument(document=document)
    position = await delete_document(command, context, store=services.store, clock=services.clock)
    return Response(None, status_code=204, headers=written(position))


@post("/v1/documents/{document:uuid}/reprocess", status_code=202)
async def reprocess(
    document: UUID, services: Services, principal: Principal, context: Context
) -> Response[dict[str, str]]:
    """Process a document again."""
    principal.require("integrations:manage")
    command = ReprocessDocument(document=document)
    position = await reprocess_document(command, context, store=services.store, clock=services.clock)
    return Response({"id": str(document), "status": "pending"}, status_code=202, headers=written(position))


def _shown(row: DocumentRow) -> DocumentOut:
    return DocumentOut(
        id=row.document,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        status=row.status,
        reason=row.reason,
        pages=row.pages,
        chunks=row.chunks,
        tokens=row.tokens,
        embedding_model=row.embedding_model,
        cost=row.cost,
        uploaded_at=row.uploaded_at,
        changed_at=row.changed_at,
    )


ROUTER = Router("/", route_handlers=[upload, list_all, read, download, remove, reprocess], tags=["documents"])
