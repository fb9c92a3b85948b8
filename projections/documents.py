"""Which documents are there, and how far has each come? Their names, and why processing failed, are read from the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Uuid,
    any_,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.retrieval.document import Document, Status
from domain.retrieval.embedding import Embedding
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

documents = Table(
    "documents",
    metadata,
    tenant_column(),
    Column("document", Uuid, primary_key=True),
    Column("uploaded", BigInteger, nullable=False),
    Column("failed", BigInteger),
    Column("unread", BigInteger),
    Column("name_key", Uuid),
    Column("media_type", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("status", String, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("embedding_model", String),
    Column("cost", Numeric, nullable=False),
    Column("took_ms", Float),
    Column("uploaded_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
Index("documents_uploaded", documents.c.tenant, documents.c.uploaded_at, documents.c.document)
Index("documents_named", documents.c.tenant, documents.c.name_key)

_D = Document
_REPLACE = replacing(documents)


class DocumentRow(msgspec.Struct, kw_only=True):
    """`uploaded`: position of the event with its name, of which `name_key` is a keyed hash; `failed`: of the one with the reason, where
    processing failed, or waits; `unread`: of the one with the numbers of pages that could not be read, where there are any.

    Of a deleted document there is its id and when it was deleted: all else would not be there in a rebuild.
    """

    document: UUID
    uploaded: int = 0
    failed: int | None = None
    unread: int | None = None
    name_key: UUID | None = None
    media_type: str
    size: int
    status: Status
    pages: int = 0
    chunks: int = 0
    tokens: int = 0
    embedding_model: str | None = None
    cost: Decimal = Decimal(0)
    took_ms: float | None = None
    uploaded_at: datetime
    changed_at: datetime


class Documents:
    name: ClassVar[str] = "documents"
    version: ClassVar[int] = 7
    sealed_since: ClassVar[int] = 3
    """Before that names of documents, and why they could not be read, stood in the table."""

    tables: ClassVar[Sequence[Table]] = (documents,)
    events: ClassVar[Sequence[type[Event]]] = (
        _D.Uploaded,
        _D.ProcessingStarted,
        _D.Processed,
        _D.ProcessingDelayed,
        _D.ProcessingFailed,
        _D.ReprocessingRequested,
        _D.Deleted,
        Embedding.Metered,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        streams = list({_document_of(recorded) for recorded in batch} - {None})
        query = select(documents).where(
            documents.c.tenant == tenant, documents.c.document == any_(literal(streams, ARRAY(Uuid)))
        )
        rows = {row["document"]: struct_of(DocumentRow, row) for row in await sql.all(query)}
        for recorded in batch:
            _fold(recorded, rows)
        await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


def _fold(recorded: Recorded, rows: dict[UUID, DocumentRow]) -> None:
    event, at = recorded.event, recorded.recorded_at
    if isinstance(event, _D.Deleted):
        rows[recorded.stream] = DocumentRow(
            document=recorded.stream,
            media_type="",
            size=0,
            status="deleted",
            uploaded_at=at,
            changed_at=at,
        )
        return
    if isinstance(event, _D.Uploaded):
        rows[recorded.stream] = DocumentRow(
            document=recorded.stream,
            uploaded=recorded.position,
            name_key=event.name_key,
            media_type=event.media_type,
            size=event.size,
            status="pending",
            uploaded_at=at,
            changed_at=at,
        )
        return
    document = _document_of(recorded)
    if document is None or (row := rows.get(document)) is None or row.status == "deleted":
        return  # what is left of an erased document, or calls for what is none
    if isinstance(event, Embedding.Metered):
        row.cost += event.cost
        return
    row.changed_at = at
    if isinstance(event, _D.ProcessingStarted):
        row.status, row.failed = "processing", None
    elif isinstance(event, _D.Processed):
        row.status, row.pages, row.chunks, row.tokens = "completed", event.pages, event.chunks, event.tokens
        row.embedding_model, row.cost, row.failed = event.embedding_model, row.cost + event.cost, None
        row.took_ms = event.took_ms
        row.unread = recorded.position if event.unread_pages else None
    elif isinstance(event, _D.ProcessingDelayed):
        row.failed = recorded.position
    elif isinstance(event, _D.ProcessingFailed):
        row.status, row.failed = "failed", recorded.position
    elif isinstance(event, _D.ReprocessingRequested):
        row.status = "pending"


def _document_of(recorded: Recorded) -> UUID | None:
    """That the event says something of."""
    event = recorded.event
    return event.document if isinstance(event, Embedding.Metered) else recorded.stream


async def list_documents(
    sql: Sql,
    tenant: UUID,
    *,
    status: str | None = None,
    media_type: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[DocumentRow]:
    """Newest first, deleted ones only when asked for; `before` is the (uploaded_at, document) of the last one seen."""
    query = select(documents).where(documents.c.tenant == tenant)
    query = query.where(documents.c.status == status if status else documents.c.status != "deleted")
    if media_type is not None:
        query = query.where(documents.c.media_type == media_type)
    if before is not None:
        query = query.where(tuple_(documents.c.uploaded_at, documents.c.document) < before)
    query = query.order_by(documents.c.uploaded_at.desc(), documents.c.document.desc()).limit(limit)
    return [struct_of(DocumentRow, row) for row in await sql.all(query)]


async def get_document(sql: Sql, tenant: UUID, document: UUID) -> DocumentRow | None:
    query = select(documents).where(documents.c.tenant == tenant, documents.c.document == document)
    return next((struct_of(DocumentRow, row) for row in await sql.all(query)), None)


async def documents_named(
    sql: Sql, tenant: UUID, name_key: UUID, before: UUID | None = None
) -> Sequence[UUID]:
    """Those that there are of a name, the oldest first; only those that were uploaded before this one, if it is given."""
    query = select(documents.c.document).where(
        documents.c.tenant == tenant, documents.c.name_key == name_key, documents.c.status != "deleted"
    )
    if before is not None:
        uploaded = select(documents.c.uploaded).where(
            documents.c.tenant == tenant, documents.c.document == before
        )
        query = query.where(documents.c.uploaded < uploaded.scalar_subquery())
    return [row["document"] for row in await sql.all(query.order_by(documents.c.uploaded))]
