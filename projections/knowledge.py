"""Which knowledge entries are there, and which of them are found? What they say is read from the log."""

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
    Boolean,
    Column,
    DateTime,
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
from domain.retrieval.knowledge import Kind
from domain.retrieval.knowledge_entry import KnowledgeEntry, Status
from domain.retrieval.knowledge_index import KnowledgeIndex
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

knowledge = Table(
    "knowledge",
    metadata,
    tenant_column(),
    Column("entry", Uuid, primary_key=True),
    Column("said", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("placed", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("category_key", Uuid),
    Column("priority", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("status", String, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("embedding_model", String),
    Column("cost", Numeric, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
Index("knowledge_created", knowledge.c.tenant, knowledge.c.created_at, knowledge.c.entry)

_K = KnowledgeEntry
_REPLACE = replacing(knowledge)


class KnowledgeRow(msgspec.Struct, kw_only=True):
    """`said`: position of the event with its words; `revision`: version of its stream; `placed`: of that by which it is found, 0 for none.
    `cost`: of all that was embedded of it, in USD.

    Of an erased entry there is its id, and when it was erased: all else would not be there in a rebuild.
    """

    entry: UUID
    said: int = 0
    revision: int = 0
    placed: int = 0
    version: int = 0
    kind: Kind = "other"
    category_key: UUID | None = None
    priority: int = 0
    active: bool = False
    status: Status = "present"
    chunks: int = 0
    tokens: int = 0
    embedding_model: str | None = None
    cost: Decimal = Decimal(0)
    created_at: datetime
    changed_at: datetime


class Entries:
    name: ClassVar[str] = "knowledge"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (knowledge,)
    events: ClassVar[Sequence[type[Event]]] = (
        _K.Created,
        _K.Updated,
        _K.Deleted,
        _K.Restored,
        _K.Erased,
        KnowledgeIndex.Placed,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        entries = literal(list({_entry_of(recorded) for recorded in batch}), ARRAY(Uuid))
        query = select(knowledge).where(knowledge.c.tenant == tenant, knowledge.c.entry == any_(entries))
        rows = {row["entry"]: struct_of(KnowledgeRow, row) for row in await sql.all(query)}
        for recorded in batch:
            _fold(recorded, rows)
        if rows:
            await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


def _entry_of(recorded: Recorded) -> UUID:
    event = recorded.event
    return event.entry if isinstance(event, KnowledgeIndex.Placed) else recorded.stream


def _fold(recorded: Recorded, rows: dict[UUID, KnowledgeRow]) -> None:
    event, entry = recorded.event, _entry_of(recorded)
    assert event is not None
    at = event.timestamp  # as the entry itself has it
    row = rows.get(entry)
    if isinstance(event, _K.Erased):
        rows[entry] = KnowledgeRow(entry=entry, status="erased", created_at=at, changed_at=at)
        return
    if isinstance(event, _K.Created):
        row = rows[entry] = KnowledgeRow(entry=entry, created_at=at, changed_at=at)
    if row is None or row.status == "erased":
        return  # what is left of an erased entry
    if isinstance(event, KnowledgeIndex.Placed):
        row.cost += event.cost
        if event.revision > row.placed:
            row.placed, row.chunks, row.tokens = event.revision, event.chunks, event.tokens
            row.embedding_model = event.embedding_model
        return
    row.revision, row.changed_at = recorded.version, at
    if isinstance(event, _K.Created | _K.Updated):
        said = event.knowledge
        row.said, row.category_key = recorded.position, event.category_key
        row.version = event.version if isinstance(event, _K.Updated) else 1
        row.kind, row.priority, row.active = said.kind, said.priority, said.active
    elif isinstance(event, _K.Deleted):
        row.status = "deleted"
    elif isinstance(event, _K.Restored):
        row.status = "present"


async def list_entries(
    sql: Sql,
    tenant: UUID,
    *,
    status: Status = "present",
    kind: Kind | None = None,
    category_key: UUID | None = None,
    active: bool | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[KnowledgeRow]:
    """The newest first; `before` is the (created_at, entry) of the last one seen."""
    query = select(knowledge).where(knowledge.c.tenant == tenant, knowledge.c.status == status)
    for column, wanted in (("kind", kind), ("category_key", category_key), ("active", active)):
        if wanted is not None:
            query = query.where(knowledge.c[column] == wanted)
    if before is not None:
        query = query.where(tuple_(knowledge.c.created_at, knowledge.c.entry) < before)
    query = query.order_by(knowledge.c.created_at.desc(), knowledge.c.entry.desc()).limit(limit)
    return [struct_of(KnowledgeRow, row) for row in await sql.all(query)]


async def entries_found(
    sql: Sql, tenant: UUID, *, kind: Kind | None = None, category_key: UUID | None = None
) -> Sequence[UUID]:
    """Those that answer."""
    query = select(knowledge.c.entry).where(
        knowledge.c.tenant == tenant, knowledge.c.status == "present", knowledge.c.active
    )
    for column, wanted in (("kind", kind), ("category_key", category_key)):
        if wanted is not None:
            query = query.where(knowledge.c[column] == wanted)
    return [row["entry"] for row in await sql.all(query)]
