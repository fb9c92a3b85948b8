"""What has been ordered, by whom, and what became of it? What a customer has said to it is read from the log, where it is sealed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Index,
    Select,
    String,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    or_,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.shop.order import Order, OrderStatus
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

orders = Table(
    "orders",
    metadata,
    tenant_column(),
    Column("id", Uuid, primary_key=True),
    Column("placed", BigInteger, nullable=False),
    Column("conversation", Uuid, nullable=False),
    Column("status", String, nullable=False),
    Column("placed_at", DateTime(timezone=True), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
Index("orders_placed", orders.c.tenant, orders.c.placed_at, orders.c.id)
Index("orders_conversation", orders.c.tenant, orders.c.conversation, orders.c.placed_at)

_REPLACE = replacing(orders)


class OrderRow(msgspec.Struct, kw_only=True):
    """`placed`: position of the event that tells what was ordered."""

    id: UUID
    placed: int
    conversation: UUID
    status: OrderStatus
    placed_at: datetime
    changed_at: datetime


class Orders:
    name: ClassVar[str] = "orders"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (orders,)
    events: ClassVar[Sequence[type[Event]]] = (
        Order.Placed,
        Order.Fulfilled,
        Order.Cancelled,
        Order.Forgotten,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        streams = list({recorded.stream for recorded in batch})
        these = (orders.c.tenant == tenant, orders.c.id == any_(literal(streams, ARRAY(Uuid))))
        found = await sql.all(select(orders).where(*these))
        rows = {row["id"]: struct_of(OrderRow, row) for row in found}
        for recorded in batch:
            event, id, at = recorded.event, recorded.stream, recorded.recorded_at
            if isinstance(event, Order.Placed):
                rows[id] = OrderRow(
                    id=id,
                    placed=recorded.position,
                    conversation=event.conversation,
                    status="placed",
                    placed_at=at,
                    changed_at=at,
                )
            elif isinstance(event, Order.Fulfilled):
                rows[id].status, rows[id].changed_at = "fulfilled", at
            elif isinstance(event, Order.Cancelled):
                rows[id].status, rows[id].changed_at = "cancelled", at
            elif isinstance(event, Order.Forgotten):
                del rows[id]
        if any(isinstance(recorded.event, Order.Forgotten) for recorded in batch):
            await sql.run(delete(orders).where(*these))
        await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


async def list_orders(
    sql: Sql,
    tenant: UUID,
    *,
    conversation: UUID | None = None,
    status: OrderStatus | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[OrderRow]:
    """The newest first; `before` is the (placed_at, id) of the last one seen."""
    o = orders.c
    query = select(orders).where(o.tenant == tenant)
    if conversation is not None:
        query = query.where(o.conversation == conversation)
    if status is not None:
        query = query.where(o.status == status)
    if before is not None:
        query = query.where(tuple_(o.placed_at, o.id) < before)
    query = query.order_by(o.placed_at.desc(), o.id.desc()).limit(limit)
    return [struct_of(OrderRow, row) for row in await sql.all(query)]


def latest_orders(tenant: UUID, conversation: UUID, limit: int) -> Select[tuple[UUID]]:
    """A customer's, the newest first."""
    o = orders.c
    query = select(o.id).where(o.tenant == tenant, o.conversation == conversation)
    return query.order_by(o.placed_at.desc(), o.id.desc()).limit(limit)


async def orders_of(sql: Sql, tenant: UUID, conversation: UUID) -> list[UUID]:
    """All of a customer's."""
    query = select(orders.c.id).where(orders.c.tenant == tenant, orders.c.conversation == conversation)
    return [row["id"] for row in await sql.all(query)]


async def ordered_since(
    sql: Sql, tenant: UUID, conversations: Collection[UUID], since: datetime
) -> list[UUID]:
    """The conversations of which an order has changed at this time or later, or is still to be fulfilled."""
    o = orders.c
    query = select(o.conversation).where(
        o.tenant == tenant,
        o.conversation == any_(literal(list(conversations), ARRAY(Uuid))),
        or_(o.status == "placed", o.changed_at >= since),
    )
    return [row["conversation"] for row in await sql.all(query.distinct())]
