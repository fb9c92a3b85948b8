"""What was made of a document: its chunks, and once it is deleted whether all of them are gone."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.retrieval.removing import removal_of
from application.tenancy.authentication import Principal
from domain.base.errors import NotFound, Refused
from domain.retrieval.document import Document
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Cursor, Limit, Page, Pager
from interfaces.http.base.position import AtLeast
from projections.documents import Documents, get_document


class ChunkOut(msgspec.Struct, frozen=True, kw_only=True):
    """`id`: the `passage` of citations and searches. `ordinal`: its place in the document, from 0 on. `last_page`: where it ends, unless that is the page where it begins."""

    id: str
    ordinal: int
    page: int | None
    last_page: int | None
    section: str | None
    tokens: int
    text: str


class RemovalOut(msgspec.Struct, frozen=True, kw_only=True):
    """`removed`: nothing is left. Else what there still is: `key`, by which its texts could be read, `file`, and rows of the index: `chunks`, `vectors`, `words`, and
    `embeddings` that were kept. Work removes them within seconds, and comes again where something was left."""

    document: UUID
    deleted_at: datetime
    removed: bool
    key: bool
    file: bool
    chunks: int
    vectors: int
    words: int
    embeddings: int


class After(NamedTuple):
    """Where a page ended."""

    ordinal: int


@get("/v1/documents/{document:uuid}/chunks", scope="integrations:manage")
async def list_chunks(
    document: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[ChunkOut]:
    """A document's chunks as they are searched, in order; none until it is completed."""
    tenant = principal.tenant
    found = await services.store.load(Document, document, tenant=tenant)
    if found.state.status == "deleted":
        raise NotFound("this document was deleted")
    pager = Pager(services, tenant, After, "chunks", document)
    place = await pager.place(cursor) or After(-1)
    rows = await services.chunks.page(tenant, document, place.ordinal, limit + 1)
    return await pager.page(
        rows, limit, lambda each: ChunkOut(**msgspec.structs.asdict(each)), lambda each: After(each.ordinal)
    )


@get("/v1/documents/{document:uuid}/removal", scope="integrations:manage")
async def read_removal(
    document: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    at_least: AtLeast = None,
) -> RemovalOut:
    """Whether all of a deleted document is gone: looked at now, in the index, in the place of files, and among the keys."""
    tenant = principal.tenant
    at_least = max(at_least or 0, await services.reads.head(tenant))
    row = await services.reads.find(
        tenant, Documents(), lambda sql: get_document(sql, tenant, document), at_least
    )
    if row is None:
        raise NotFound(f"there is no document {document} in this tenant")
    if row.status != "deleted":
        raise Refused("the document was not deleted; DELETE /v1/documents/{document} does that")
    left = await removal_of(
        document, tenant, eraser=services.eraser, files=services.files, chunks=services.chunks
    )
    return RemovalOut(
        document=document,
        deleted_at=row.changed_at,
        removed=left.removed,
        key=left.key,
        file=left.file,
        **msgspec.structs.asdict(left.index),
    )


ROUTER = Router("/", route_handlers=[list_chunks, read_removal], tags=["documents"])
