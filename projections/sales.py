"""What was bought and booked, for how much, and how much of it after an answer of the agent's? Sums by time slot, kind and currency.

A sale counts when it was made; one that is cancelled later counts as that at the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import localcontext
from typing import ClassVar, Literal
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Numeric,
    String,
    Table,
    Uuid,
    any_,
    literal,
    select,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.insight.sales import AMOUNTS, EVENTS, SALES, Sale, Selling
from domain.models.pricing import EXACT
from projections.base import Sql, adding, metadata, replacing, row_of, struct_of, tenant_column
from projections.slotted import in_slots, slot_columns, slot_rows

figures = Table(
    "sales",
    metadata,
    tenant_column(),
    *slot_columns(),
    Column("kind", String, primary_key=True),
    Column("currency", String, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in SALES),
    *(Column(name, Numeric, nullable=False) for name in AMOUNTS),
)
made = Table(
    "sales_made",
    metadata,
    tenant_column(),
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("attributed", Boolean, nullable=False),
    Column("cancelled", Boolean, nullable=False),
)
answered = Table(
    "sales_answered",
    metadata,
    tenant_column(),
    Column("conversation", Uuid, primary_key=True),
    Column("answered_at", DateTime(timezone=True)),
)
"""`answered_at` null: a person has replied since, or the customer was erased."""

NAMES = (*SALES, *AMOUNTS)
KEYS = ("kind", "currency")
_ADD, _PUT, _PUT_ANSWERED = adding(figures, NAMES), replacing(made), replacing(answered)


class Sales:
    name: ClassVar[str] = "sales"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (figures, made, answered)
    sees_erased: ClassVar[bool] = True
    events: ClassVar[Sequence[type[Event]]] = EVENTS
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        selling = await _known(batch, sql, tenant)
        with localcontext(EXACT):
            facts = [(sale.at, (sale.kind, sale.currency), each) for sale, each in selling.fold(batch)]
            sums = in_slots(facts)
        await sql.put(_ADD, slot_rows(tenant, sums, KEYS, NAMES))
        await sql.put(_PUT, [row_of(tenant, sale) for sale in selling.sales.values()])
        rows = [
            {"tenant": tenant, "conversation": id, "answered_at": at} for id, at in selling.answered.items()
        ]
        await sql.put(_PUT_ANSWERED, rows)


async def _known(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> Selling:
    streams = sorted({recorded.stream for recorded in batch})
    whose = sorted({getattr(recorded.event, "conversation", recorded.stream) for recorded in batch})
    wanted = made.c.id == any_(literal(streams, ARRAY(Uuid)))
    sales = [
        struct_of(Sale, row) for row in await sql.all(select(made).where(made.c.tenant == tenant, wanted))
    ]
    wanted = answered.c.conversation == any_(literal(whose, ARRAY(Uuid)))
    rows = await sql.all(select(answered).where(answered.c.tenant == tenant, wanted))
    return Selling(sales, {row["conversation"]: row["answered_at"] for row in rows})
