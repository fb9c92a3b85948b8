"""Conversations as they stand: the rows, and what is asked of them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    func,
    select,
    tuple_,
)

from projections.base import Sql, metadata, struct_of, tenant_column

conversations = Table(
    "conversations",
    metadata,
    tenant_column(),
    Column("conversation", Uuid, primary_key=True),
    Column("channel", String, nullable=False),
    Column("status", String, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    Column("messages", Integer, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("replies", Integer, nullable=False),
    Column("handoff", String),
    Column("waiting_since", DateTime(timezone=True)),
    Column("operator", Uuid),
    Column("claimed_at", BigInteger),
    Column("version", Integer, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("said", BigInteger),
)
Index(
    "conversations_handed_over",
    conversations.c.tenant,
    conversations.c.last_at,
    conversations.c.conversation,
    postgresql_where=conversations.c.handoff.is_not(None),
)
Index(
    "conversations_waiting",
    conversations.c.tenant,
    conversations.c.waiting_since,
    conversations.c.conversation,
    postgresql_where=conversations.c.waiting_since.is_not(None),
)
Index(
    "conversations_claimed",
    conversations.c.tenant,
    conversations.c.operator,
    conversations.c.last_at,
    conversations.c.conversation,
    postgresql_where=conversations.c.operator.is_not(None),
)
Index("conversations_last", conversations.c.tenant, conversations.c.last_at, conversations.c.conversation)
# One that few have is found among many others.
Index(
    "conversations_channel",
    conversations.c.tenant,
    conversations.c.channel,
    conversations.c.last_at,
    conversations.c.conversation,
)
Index(
    "conversations_status",
    conversations.c.tenant,
    conversations.c.status,
    conversations.c.last_at,
    conversations.c.conversation,
)


class ConversationRow(msgspec.Struct, kw_only=True):
    """`handoff`: the category of what a person is to answer, since the customer waits; `operator` (an id) has claimed it, by the event at
    position `claimed_at`. `started`, `said`: positions of the event that began it, and of the last one with words of anybody's."""

    conversation: UUID
    channel: str
    status: Literal["open", "closed"]
    started_at: datetime
    last_at: datetime
    messages: int = 0
    answers: int = 0
    replies: int = 0
    handoff: str | None = None
    waiting_since: datetime | None = None
    operator: UUID | None = None
    claimed_at: int | None = None
    version: int = 0
    started: int
    said: int | None = None


async def list_conversations(
    sql: Sql,
    tenant: UUID,
    *,
    status: str | None = None,
    channel: str | None = None,
    handed_over: bool | None = None,
    waiting: bool | None = None,
    operator: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[ConversationRow]:
    """Newest activity first; `before` is the (last_at, conversation) of the last one seen."""
    query = select(conversations).where(conversations.c.tenant == tenant)
    if status is not None:
        query = query.where(conversations.c.status == status)
    if channel is not None:
        query = query.where(conversations.c.channel == channel)
    for column, wanted in ((conversations.c.handoff, handed_over), (conversations.c.waiting_since, waiting)):
        if wanted is not None:
            query = query.where(column.is_not(None) if wanted else column.is_(None))
    if operator is not None:
        query = query.where(conversations.c.handoff.is_not(None), conversations.c.operator == operator)
    if since is not None:
        query = query.where(conversations.c.last_at >= since)
    if until is not None:
        query = query.where(conversations.c.last_at <= until)
    if before is not None:
        query = query.where(tuple_(conversations.c.last_at, conversations.c.conversation) < before)
    query = query.order_by(conversations.c.last_at.desc(), conversations.c.conversation.desc()).limit(limit)
    return [struct_of(ConversationRow, row) for row in await sql.all(query)]


async def waiting_conversations(sql: Sql, tenant: UUID, *, limit: int = 50) -> list[ConversationRow]:
    """Those whose customers wait for a person, who has waited longest first."""
    waiting = conversations.c.waiting_since
    query = select(conversations).where(conversations.c.tenant == tenant, waiting.is_not(None))
    query = query.order_by(waiting, conversations.c.conversation).limit(limit)
    return [struct_of(ConversationRow, row) for row in await sql.all(query)]


async def count_waiting(sql: Sql, tenant: UUID, *, most: int = 1000) -> int:
    """How many customers wait for a person; counted up to `most`."""
    rows = select(conversations.c.conversation).where(
        conversations.c.tenant == tenant, conversations.c.waiting_since.is_not(None)
    )
    found = await sql.all(select(func.count().label("n")).select_from(rows.limit(most).subquery()))
    return int(found[0]["n"])


async def idle_conversations(
    sql: Sql, tenant: UUID, *, until: datetime, after: tuple[datetime, UUID] | None = None, limit: int
) -> list[ConversationRow]:
    """Those whose last activity is older than `until`, the oldest first; `after` is the (last_at, conversation) of the last one seen."""
    query = select(conversations).where(conversations.c.tenant == tenant, conversations.c.last_at < until)
    if after is not None:
        query = query.where(tuple_(conversations.c.last_at, conversations.c.conversation) > after)
    query = query.order_by(conversations.c.last_at, conversations.c.conversation).limit(limit)
    return [struct_of(ConversationRow, row) for row in await sql.all(query)]
