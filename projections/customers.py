"""Who has written to us, when last, and what have they bought or booked? Ids and times; addresses and texts are read from the log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Column, DateTime, Index, String, Table, Uuid, any_, delete, literal, select

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.channels.delivery import delivery_of
from domain.channels.taking import HEARD
from domain.conversations.conversation import Conversation
from domain.shop.booking import Booking
from domain.shop.order import Order
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

customers = Table(
    "customers",
    metadata,
    tenant_column(),
    Column("conversation", Uuid, primary_key=True),
    Column("delivery", Uuid, nullable=False),
    Column("channel", String, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("heard_at", DateTime(timezone=True)),
)
Index("customers_channel", customers.c.tenant, customers.c.channel, customers.c.conversation)

purchases = Table(
    "customers_purchases",
    metadata,
    tenant_column(),
    Column("purchase", Uuid, primary_key=True),
    Column("item", Uuid, primary_key=True),
    Column("conversation", Uuid, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)
Index("customers_purchases_conversation", purchases.c.tenant, purchases.c.conversation)

_PUT_CUSTOMERS, _PUT_PURCHASES = replacing(customers), replacing(purchases)
GONE = (Order.Cancelled, Order.Forgotten, Booking.Cancelled, Booking.Forgotten)


class CustomerRow(msgspec.Struct, kw_only=True):
    """`heard_at`: when they wrote last."""

    conversation: UUID
    delivery: UUID
    channel: str
    started_at: datetime
    heard_at: datetime | None = None


class Customers:
    name: ClassVar[str] = "customers"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (customers, purchases)
    events: ClassVar[Sequence[type[Event]]] = (
        Conversation.Started,
        *HEARD,
        Conversation.Forgotten,
        Order.Placed,
        Booking.Made,
        *GONE,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        rows, bought, gone, forgotten = await _known(batch, sql, tenant), dict[Any, Any](), [], []
        for recorded in batch:
            event, stream, at = recorded.event, recorded.stream, recorded.recorded_at
            if isinstance(event, Conversation.Started):
                rows[stream] = CustomerRow(
                    conversation=stream, delivery=delivery_of(stream), channel=event.channel, started_at=at
                )
            elif isinstance(event, HEARD) and stream in rows:
                rows[stream].heard_at = at
            elif isinstance(event, Conversation.Forgotten):
                rows.pop(stream, None)
                forgotten.append(stream)
            elif isinstance(event, Order.Placed | Booking.Made):
                bought |= {(row["purchase"], row["item"]): row for row in _bought(recorded, event, tenant)}
            elif isinstance(event, GONE):
                bought = {key: row for key, row in bought.items() if key[0] != stream}
                gone.append(stream)
        for table, column, ids in (
            (customers, customers.c.conversation, forgotten),
            (purchases, purchases.c.purchase, gone),
        ):
            if ids:
                await sql.run(
                    delete(table).where(table.c.tenant == tenant, column == any_(literal(ids, ARRAY(Uuid))))
                )
        await sql.put(_PUT_CUSTOMERS, [row_of(tenant, row) for row in rows.values()])
        await sql.put(_PUT_PURCHASES, list(bought.values()))


async def _known(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> dict[UUID, CustomerRow]:
    named = list({recorded.stream for recorded in batch if isinstance(recorded.event, HEARD)})
    if not named:
        return {}
    query = select(customers).where(
        customers.c.tenant == tenant, customers.c.conversation == any_(literal(named, ARRAY(Uuid)))
    )
    return {row["conversation"]: struct_of(CustomerRow, row) for row in await sql.all(query)}


def _bought(recorded: Recorded, event: Order.Placed | Booking.Made, tenant: UUID) -> list[dict[str, Any]]:
    kind = "product" if isinstance(event, Order.Placed) else "service"
    items = [line.product for line in event.lines] if isinstance(event, Order.Placed) else [event.service]
    common = {"tenant": tenant, "purchase": recorded.stream, "conversation": event.conversation}
    return [common | {"item": item, "kind": kind, "at": recorded.recorded_at} for item in items]
