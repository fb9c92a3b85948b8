"""What has been booked, by whom, and for when? What a customer has said to it is read from the log, where it is sealed."""

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
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.shop.booking import Booking, BookingStatus
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

bookings = Table(
    "bookings",
    metadata,
    tenant_column(),
    Column("booking", Uuid, primary_key=True),
    Column("made", BigInteger, nullable=False),
    Column("conversation", Uuid, nullable=False),
    Column("service", Uuid, nullable=False),
    Column("start", DateTime(timezone=True), nullable=False),
    Column("end", DateTime(timezone=True), nullable=False),
    Column("status", String, nullable=False),
)
Index("bookings_start", bookings.c.tenant, bookings.c.start, bookings.c.booking)
Index("bookings_conversation", bookings.c.tenant, bookings.c.conversation, bookings.c.start)
Index("bookings_service", bookings.c.tenant, bookings.c.service, bookings.c.start)

_REPLACE = replacing(bookings)


class BookingRow(msgspec.Struct, kw_only=True):
    """`made`: position of the event that tells what was booked."""

    booking: UUID
    made: int
    conversation: UUID
    service: UUID
    start: datetime
    end: datetime
    status: BookingStatus


class Bookings:
    name: ClassVar[str] = "bookings"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (bookings,)
    events: ClassVar[Sequence[type[Event]]] = (
        Booking.Made,
        Booking.Moved,
        Booking.Cancelled,
        Booking.Forgotten,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        streams = list({recorded.stream for recorded in batch})
        these = (bookings.c.tenant == tenant, bookings.c.booking == any_(literal(streams, ARRAY(Uuid))))
        found = await sql.all(select(bookings).where(*these))
        rows = {row["booking"]: struct_of(BookingRow, row) for row in found}
        for recorded in batch:
            event, id = recorded.event, recorded.stream
            if isinstance(event, Booking.Made):
                rows[id] = BookingRow(
                    booking=id,
                    made=recorded.position,
                    conversation=event.conversation,
                    service=event.service,
                    start=event.start,
                    end=event.end,
                    status="booked",
                )
            elif isinstance(event, Booking.Moved):
                rows[id].start, rows[id].end = event.start, event.end
            elif isinstance(event, Booking.Cancelled):
                rows[id].status = "cancelled"
            elif isinstance(event, Booking.Forgotten):
                del rows[id]
        if any(isinstance(recorded.event, Booking.Forgotten) for recorded in batch):
            await sql.run(delete(bookings).where(*these))
        await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


async def list_bookings(
    sql: Sql,
    tenant: UUID,
    *,
    conversation: UUID | None = None,
    service: UUID | None = None,
    status: BookingStatus | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[BookingRow]:
    """The latest to come first; that begin at `since` or later, and at `until` or before. `before` is the (start, booking) of the last one seen."""
    b = bookings.c
    query = select(bookings).where(b.tenant == tenant)
    wanted = ((b.conversation, conversation), (b.service, service), (b.status, status))
    query = query.where(*(column == value for column, value in wanted if value is not None))
    if since is not None:
        query = query.where(b.start >= since)
    if until is not None:
        query = query.where(b.start <= until)
    if before is not None:
        query = query.where(tuple_(b.start, b.booking) < before)
    query = query.order_by(b.start.desc(), b.booking.desc()).limit(limit)
    return [struct_of(BookingRow, row) for row in await sql.all(query)]


def latest_bookings(tenant: UUID, conversation: UUID, limit: int) -> Select[tuple[UUID]]:
    """A customer's, the latest to come first."""
    b = bookings.c
    query = select(b.booking).where(b.tenant == tenant, b.conversation == conversation)
    return query.order_by(b.start.desc(), b.booking.desc()).limit(limit)


async def bookings_of(sql: Sql, tenant: UUID, conversation: UUID) -> list[UUID]:
    """All of a customer's."""
    query = select(bookings.c.booking).where(
        bookings.c.tenant == tenant, bookings.c.conversation == conversation
    )
    return [row["booking"] for row in await sql.all(query)]


async def booked_since(
    sql: Sql, tenant: UUID, conversations: Collection[UUID], since: datetime
) -> list[UUID]:
    """The conversations of which something that is booked ends at this time or later."""
    b = bookings.c
    query = select(b.conversation).where(
        b.tenant == tenant,
        b.conversation == any_(literal(list(conversations), ARRAY(Uuid))),
        b.status == "booked",
        b.end >= since,
    )
    return [row["conversation"] for row in await sql.all(query.distinct())]
