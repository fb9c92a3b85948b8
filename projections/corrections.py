"""Which corrections are there, and what became of them? Their texts, and who proposed and reviewed them, are read from the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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
    String,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.end_user import User
from domain.conversations.conversation import Conversation
from domain.feedback.correction import Correction, Source, Status
from domain.feedback.judgement import Category
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

corrections = Table(
    "corrections",
    metadata,
    tenant_column(),
    Column("correction", Uuid, primary_key=True),
    Column("conversation", Uuid, nullable=False),
    Column("interaction", Uuid, nullable=False),
    Column("category", String, nullable=False),
    Column("source", String, nullable=False),
    Column("status", String, nullable=False),
    Column("quality", Float),
    Column("proposed", BigInteger, nullable=False),
    Column("texts", BigInteger, nullable=False),
    Column("reviewed", BigInteger),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("reviewed_at", DateTime(timezone=True)),
)
Index("corrections_proposed", corrections.c.tenant, corrections.c.proposed_at, corrections.c.correction)
Index("corrections_conversation", corrections.c.tenant, corrections.c.conversation)
Index(
    "corrections_approved",
    corrections.c.tenant,
    corrections.c.correction,
    postgresql_where=corrections.c.status == "approved",
)

_REPLACE = replacing(corrections)

FORGOTTEN = (Conversation.Forgotten, User.Forgotten)
"""What is erased with its customer: of a conversation, or of an app that calls the completions API."""


class CorrectionRow(msgspec.Struct, kw_only=True):
    """`proposed`, `reviewed`: positions of the events that say so; `texts`: of the one with the latest texts."""

    correction: UUID
    conversation: UUID
    interaction: UUID
    category: Category
    source: Source
    status: Status = "proposed"
    quality: float | None = None
    proposed: int
    texts: int
    reviewed: int | None = None
    proposed_at: datetime
    reviewed_at: datetime | None = None


class Corrections:
    name: ClassVar[str] = "corrections"
    version: ClassVar[int] = 2
    tables: ClassVar[Sequence[Table]] = (corrections,)
    events: ClassVar[Sequence[type[Event]]] = (
        Correction.Proposed,
        Correction.Extended,
        Correction.Reviewed,
        *FORGOTTEN,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        streams = list({recorded.stream for recorded in batch})
        query = select(corrections).where(
            corrections.c.tenant == tenant, corrections.c.correction == any_(literal(streams, ARRAY(Uuid)))
        )
        rows = {row["correction"]: struct_of(CorrectionRow, row) for row in await sql.all(query)}
        for recorded in batch:
            _fold(recorded, rows)
        forgotten = [each.stream for each in batch if isinstance(each.event, FORGOTTEN)]
        if forgotten:
            gone = delete(corrections).where(
                corrections.c.tenant == tenant,
                corrections.c.conversation == any_(literal(forgotten, ARRAY(Uuid))),
            )
            await sql.run(gone)
        left = [row_of(tenant, row) for row in rows.values()]
        if left:
            await sql.put(_REPLACE, left)


def _fold(recorded: Recorded, rows: dict[UUID, CorrectionRow]) -> None:
    event, at = recorded.event, recorded.recorded_at
    if isinstance(event, FORGOTTEN):
        for id in [row.correction for row in rows.values() if row.conversation == recorded.stream]:
            del rows[id]
        return
    if isinstance(event, Correction.Proposed):
        rows[recorded.stream] = CorrectionRow(
            correction=recorded.stream,
            conversation=event.lineage.conversation,
            interaction=event.lineage.interaction,
            category=event.category,
            source=event.source,
            proposed=recorded.position,
            texts=recorded.position,
            proposed_at=at,
        )
        return
    if (row := rows.get(recorded.stream)) is None:
        return  # its customer was erased
    if isinstance(event, Correction.Extended):
        row.texts = recorded.position
    elif isinstance(event, Correction.Reviewed):
        row.status = "approved" if event.approved else "rejected"
        row.quality, row.category = event.quality, event.category
        row.reviewed, row.reviewed_at = recorded.position, at


async def list_corrections(
    sql: Sql,
    tenant: UUID,
    *,
    status: Status | None = None,
    category: Category | None = None,
    source: Source | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[CorrectionRow]:
    """The newest first; `before` is the (proposed_at, correction) of the last one seen."""
    query = select(corrections).where(corrections.c.tenant == tenant)
    for column, wanted in (("status", status), ("category", category), ("source", source)):
        if wanted is not None:
            query = query.where(corrections.c[column] == wanted)
    if before is not None:
        query = query.where(tuple_(corrections.c.proposed_at, corrections.c.correction) < before)
    query = query.order_by(corrections.c.proposed_at.desc(), corrections.c.correction.desc()).limit(limit)
    return [struct_of(CorrectionRow, row) for row in await sql.all(query)]


async def get_correction(sql: Sql, tenant: UUID, correction: UUID) -> CorrectionRow | None:
    query = select(corrections).where(corrections.c.tenant == tenant, corrections.c.correction == correction)
    return next((struct_of(CorrectionRow, row) for row in await sql.all(query)), None)


async def approved_corrections(
    sql: Sql, tenant: UUID, *, above: float, after: UUID | None, limit: int
) -> list[CorrectionRow]:
    """Those with a quality above this one, by their ids, from the one after `after` on."""
    query = select(corrections).where(
        corrections.c.tenant == tenant, corrections.c.status == "approved", corrections.c.quality > above
    )
    if after is not None:
        query = query.where(corrections.c.correction > after)
    query = query.order_by(corrections.c.correction).limit(limit)
    return [struct_of(CorrectionRow, row) for row in await sql.all(query)]
