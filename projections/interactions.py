"""Interactions as they stand: the rows, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    Boolean,
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
)

from projections.base import Sql, metadata, struct_of, tenant_column

interactions = Table(
    "interactions",
    metadata,
    tenant_column(),
    Column("interaction", Uuid, primary_key=True),
    Column("conversation", Uuid, nullable=False),
    Column("status", String, nullable=False),
    Column("first_version", Integer, nullable=False),
    Column("last_version", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("answered_at", DateTime(timezone=True)),
    Column("provider", String),
    Column("model", String),
    Column("confidence", Float),
    Column("handoff", Boolean, nullable=False),
    Column("cached", Boolean, nullable=False),
    Column("cost", Numeric, nullable=False),
    Column("latency_ms", Float),
)
Index(
    "interactions_conversation",
    interactions.c.tenant,
    interactions.c.conversation,
    interactions.c.first_version,
)


class InteractionRow(msgspec.Struct, kw_only=True):
    """`first_version` to `last_version` are the events of the stream that belong to it."""

    interaction: UUID
    conversation: UUID
    status: Literal["pending", "answered", "failed"]
    first_version: int
    last_version: int
    messages: int = 0
    received_at: datetime
    answered_at: datetime | None = None
    provider: str | None = None
    model: str | None = None
    confidence: float | None = None
    handoff: bool = False
    cached: bool = False
    cost: Decimal = Decimal(0)
    latency_ms: float | None = None


async def get_interaction(sql: Sql, tenant: UUID, interaction: UUID) -> InteractionRow | None:
    query = select(interactions).where(
        interactions.c.tenant == tenant, interactions.c.interaction == interaction
    )
    return next((struct_of(InteractionRow, row) for row in await sql.all(query)), None)


async def several_interactions(sql: Sql, tenant: UUID, ids: Sequence[UUID]) -> list[InteractionRow]:
    """Those of these ids that there are, in any order."""
    query = select(interactions).where(
        interactions.c.tenant == tenant, interactions.c.interaction == any_(literal(list(ids), ARRAY(Uuid)))
    )
    return [struct_of(InteractionRow, row) for row in await sql.all(query)]


async def interactions_of(
    sql: Sql, tenant: UUID, conversation: UUID, limit: int = 200
) -> list[InteractionRow]:
    """A conversation's newest `limit` interactions, in the order in which they began."""
    query = select(interactions).where(
        interactions.c.tenant == tenant, interactions.c.conversation == conversation
    )
    rows = await sql.all(query.order_by(interactions.c.first_version.desc()).limit(limit))
    return [struct_of(InteractionRow, row) for row in reversed(rows)]
