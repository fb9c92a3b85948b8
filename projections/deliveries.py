"""What became of what was sent? Each message to a customer by its state; and how many of each form and state there were, by day.

Counted from events that hold nothing personal. The messages of a forgotten customer go; the counts stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    any_,
    delete,
    literal,
    select,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.channels.delivery import Delivery as D
from domain.channels.outgoing import Form, Outgoing
from domain.channels.statuses import ARRIVED, WORDS, Status, later
from projections.base import Sql, adding, metadata, replacing, row_of, struct_of, tenant_column

deliveries = Table(
    "deliveries",
    metadata,
    tenant_column(),
    Column("delivery", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("interaction", Uuid),
    Column("form", String, nullable=False),
    Column("status", String, nullable=False),
    Column("code", String),
    Column("attempts", Integer, nullable=False),
    Column("over", Integer, nullable=False),
    Column("again", Boolean, nullable=False),
    Column("day", Date, nullable=False),
)
Index("deliveries_interaction", deliveries.c.tenant, deliveries.c.interaction)

figures = Table(
    "deliveries_figures",
    metadata,
    tenant_column(),
    Column("day", Date, primary_key=True),
    Column("form", String, primary_key=True),
    Column("status", String, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

_REPLACE, _ADD = replacing(deliveries), adding(figures, ("count",))
Key = tuple[UUID, int]


class DeliveryRow(msgspec.Struct, kw_only=True):
    """`day`: on which it was taken in. `over`: up to which attempt it failed; `again`: it was sent again, its fate being unknown."""

    delivery: UUID
    number: int
    interaction: UUID | None
    form: Form
    status: Status = "queued"
    code: str | None = None
    attempts: int = 0
    over: int = 0
    again: bool = False
    day: date


class FigureRow(msgspec.Struct, kw_only=True):
    day: date
    form: Form
    status: Status
    count: int


class Deliveries:
    name: ClassVar[str] = "deliveries"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (deliveries, figures)
    events: ClassVar[Sequence[type[Event]]] = (
        D.TakenIn,
        D.Attempted,
        D.Accepted,
        D.NotTaken,
        D.FateUnknown,
        D.StatusTold,
        D.Replaced,
        D.GivenUp,
        D.Forgotten,
    )
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        rows = await _known(batch, sql, tenant)
        counts = Counter[tuple[date, Form, Status]]()
        gone: set[UUID] = set()
        for recorded in batch:
            if isinstance(recorded.event, D.Forgotten):
                gone.add(recorded.stream)
                continue
            before = {key: (row.day, row.form, row.status) for key, row in _touched(recorded, rows)}
            _fold(recorded, rows)
            counts.subtract(before.values())
            counts.update((row.day, row.form, row.status) for _, row in _touched(recorded, rows))
        if gone:
            erased = delete(deliveries).where(
                deliveries.c.tenant == tenant, deliveries.c.delivery == any_(literal(list(gone), ARRAY(Uuid)))
            )
            await sql.run(erased)
        if left := [row_of(tenant, row) for row in rows.values() if row.delivery not in gone]:
            await sql.put(_REPLACE, left)
        if changes := [
            {"tenant": tenant, "day": day, "form": form, "status": status, "count": count}
            for (day, form, status), count in counts.items()
            if count
        ]:
            await sql.put(_ADD, changes)


async def _known(batch: Sequence[Recorded], sql: Sql, tenant: UUID) -> dict[Key, DeliveryRow]:
    """The rows of messages that the batch names."""
    named = {(recorded.stream, number) for recorded in batch for number in _numbers(recorded.event)}
    if not named:
        return {}
    streams, numbers = {stream for stream, _ in named}, {number for _, number in named}
    query = select(deliveries).where(
        deliveries.c.tenant == tenant,
        deliveries.c.delivery == any_(literal(list(streams), ARRAY(Uuid))),
        deliveries.c.number == any_(literal(list(numbers), ARRAY(Integer))),
    )
    found = [struct_of(DeliveryRow, row) for row in await sql.all(query)]
    return {(row.delivery, row.number): row for row in found if (row.delivery, row.number) in named}


def _numbers(event: Event | None) -> tuple[int, ...]:
    number = getattr(event, "number", None)
    return () if number is None else (number,)


def _touched(recorded: Recorded, rows: Mapping[Key, DeliveryRow]) -> list[tuple[Key, DeliveryRow]]:
    """Those of the event's messages that there are."""
    event, numbers = recorded.event, [*_numbers(recorded.event)]
    if isinstance(event, D.TakenIn | D.Replaced):
        numbers += range(event.first, event.first + len(event.outgoing))
    keys = [(recorded.stream, number) for number in numbers]
    return [(key, rows[key]) for key in keys if key in rows]


def _fold(recorded: Recorded, rows: dict[Key, DeliveryRow]) -> None:
    event, stream = recorded.event, recorded.stream
    if isinstance(event, D.TakenIn | D.Replaced):
        rows.update(_taken(event.outgoing, event.first, recorded))
    row = next((rows.get((stream, number)) for number in _numbers(event)), None)
    if row is None:
        return
    if isinstance(event, D.Attempted):
        row.status, row.attempts, row.again = "attempted", event.attempt, row.again or event.again
    elif isinstance(event, D.Accepted):
        row.status = "accepted" if later(row.status, "accepted") else row.status
    elif isinstance(event, D.FateUnknown):
        row.status = "unknown"
    elif isinstance(event, D.NotTaken):
        row.code, row.status = event.code, "failed" if event.again_at is None else "queued"
        row.over = row.over if event.again_at is None else event.attempt
    elif isinstance(event, D.Replaced | D.GivenUp):
        row.code, row.status = event.code, "replaced" if isinstance(event, D.Replaced) else "given_up"
    elif isinstance(event, D.StatusTold):
        status = WORDS.get(event.status)
        if event.again_at is not None:
            row.code, row.status, row.over = event.code, "queued", event.attempt
        elif (
            status is not None
            and later(row.status, status)
            and (event.attempt > row.over or status in ARRIVED)
        ):
            row.code, row.status = event.code, status


def _taken(outgoing: Iterable[Outgoing], first: int, recorded: Recorded) -> Iterable[tuple[Key, DeliveryRow]]:
    for number, each in enumerate(outgoing, first):
        row = DeliveryRow(
            delivery=recorded.stream,
            number=number,
            interaction=each.interaction,
            form=each.form,
            day=recorded.recorded_at.date(),
        )
        yield (recorded.stream, number), row


async def deliveries_of(
    sql: Sql, tenant: UUID, interactions: Collection[UUID]
) -> dict[UUID, list[DeliveryRow]]:
    """By interaction, in order; of those of which anything was to be sent."""
    query = select(deliveries).where(
        deliveries.c.tenant == tenant,
        deliveries.c.interaction == any_(literal(list(interactions), ARRAY(Uuid))),
    )
    found: dict[UUID, list[DeliveryRow]] = {}
    for row in await sql.all(query.order_by(deliveries.c.delivery, deliveries.c.number)):
        found.setdefault(row["interaction"], []).append(struct_of(DeliveryRow, row))
    return found


async def figures_of(sql: Sql, tenant: UUID, since: date, until: date) -> list[FigureRow]:
    """By day, form and state, of messages that were taken in from `since` to `until`, both included."""
    query = select(figures).where(
        figures.c.tenant == tenant, figures.c.day >= since, figures.c.day <= until, figures.c["count"] > 0
    )
    rows = await sql.all(query.order_by(figures.c.day, figures.c.form, figures.c.status))
    return [struct_of(FigureRow, row) for row in rows]
