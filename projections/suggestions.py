"""What became of suggestions: shown, accepted, bought, declined, by reason and by what was suggested?

One row for each that was shown, made of the events of what answers cost, which hold nothing personal, and of orders and bookings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    DateTime,
    Index,
    String,
    Table,
    Uuid,
    any_,
    func,
    literal,
    or_,
    select,
)

from domain.answers.suggesting.reactions import ACCEPTED
from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from domain.shop.booking import Booking
from domain.shop.order import Order
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

suggestions = Table(
    "suggestions",
    metadata,
    tenant_column(),
    Column("interaction", Uuid, primary_key=True),
    Column("offer", Uuid, primary_key=True),
    Column("to", Uuid, nullable=False),
    Column("reason", String, nullable=False),
    Column("conversation", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("accepted", String),
    Column("bought", Boolean, nullable=False),
    Column("declined", Boolean, nullable=False),
)
Index("suggestions_at", suggestions.c.tenant, suggestions.c.at)
Index("suggestions_conversation", suggestions.c.tenant, suggestions.c.conversation, suggestions.c.at)

_REPLACE = replacing(suggestions)


class SuggestionRow(msgspec.Struct, kw_only=True):
    """`accepted`: by what the customer did first: pressed, asked, ordered, booked; None: by nothing yet."""

    interaction: UUID
    offer: UUID
    to: UUID
    reason: str
    conversation: UUID
    at: datetime
    accepted: str | None = None
    bought: bool = False
    declined: bool = False


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Of the suggestions that were `shown`. `accepted`: the customer has asked about it, pressed its button, ordered or booked it in the three days after;
    `bought`: ordered or booked of these. `rate`: of those shown; null where none was."""

    shown: int
    accepted: int
    bought: int
    declined: int
    rate: float | None


class ByReason(Counted, frozen=True, kw_only=True):
    reason: str


class ByOffer(Counted, frozen=True, kw_only=True):
    offer: UUID


class Suggestions:
    name: ClassVar[str] = "suggestions"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (suggestions,)
    events: ClassVar[Sequence[type[Event]]] = (Conversation.Metered, Order.Placed, Booking.Made)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        rows = await _known(batch, sql)
        for recorded in batch:
            event = recorded.event
            if isinstance(event, Conversation.Metered):
                _answered(recorded, event, rows)
            elif isinstance(event, Order.Placed):
                for line in event.lines:
                    _bought(recorded, event.conversation, line.product, "ordered", rows)
            elif isinstance(event, Booking.Made):
                _bought(recorded, event.conversation, event.service, "booked", rows)
        await sql.put(_REPLACE, [row_of(batch[0].tenant, row) for row in rows.values()])


Rows = dict[tuple[UUID, UUID], SuggestionRow]


def _answered(recorded: Recorded, event: Conversation.Metered, rows: Rows) -> None:
    if event.outcome is None:
        return
    for reaction in event.outcome.reactions:
        row = rows.get((reaction.interaction, reaction.offer))
        if row is None:
            continue
        if reaction.kind == "declined":
            row.declined = True
        else:
            row.accepted = row.accepted or reaction.kind
    for each in event.outcome.suggested:
        rows[event.interaction, each.offer] = SuggestionRow(
            interaction=event.interaction,
            offer=each.offer,
            to=each.to,
            reason=each.reason,
            conversation=recorded.stream,
            at=recorded.recorded_at,
        )


def _bought(recorded: Recorded, conversation: UUID, offer: UUID, by: str, rows: Rows) -> None:
    for row in rows.values():
        if (row.conversation, row.offer) == (
            conversation,
            offer,
        ) and recorded.recorded_at - row.at <= ACCEPTED:
            row.accepted, row.bought = row.accepted or by, True


async def _known(batch: Sequence[Recorded], sql: Sql) -> Rows:
    """Those that these events may be a reaction to."""
    tenant, first = batch[0].tenant, batch[0].recorded_at
    outcomes = [r.event.outcome for r in batch if isinstance(r.event, Conversation.Metered)]
    named = {each.interaction for found in outcomes if found is not None for each in found.reactions}
    trade = [r.event for r in batch if isinstance(r.event, Order.Placed | Booking.Made)]
    of = {event.conversation for event in trade}
    if not named and not of:
        return {}
    lately = (
        suggestions.c.conversation == any_(literal(sorted(of), ARRAY(Uuid))),
        suggestions.c.at >= first - ACCEPTED,
    )
    query = select(suggestions).where(
        suggestions.c.tenant == tenant,
        or_(
            suggestions.c.interaction == any_(literal(sorted(named), ARRAY(Uuid))),
            lately[0] & lately[1],
        ),
    )
    rows = [struct_of(SuggestionRow, row) for row in await sql.all(query)]
    return {(row.interaction, row.offer): row for row in rows}


async def counted(
    sql: Sql, tenant: UUID, *, since: date, until: date
) -> tuple[Counted, list[ByReason], list[ByOffer]]:
    """Of those shown from `since` until before `until`: in all, by reason, and by what was suggested, the most shown first; of that 100 at most."""
    s = suggestions.c
    figures: tuple[Any, ...] = (
        func.count().label("shown"),
        func.count().filter(s.accepted.is_not(None)).label("accepted"),
        func.count().filter(s.bought).label("bought"),
        func.count().filter(s.declined).label("declined"),
    )
    where: tuple[Any, ...] = (s.tenant == tenant, func.date(func.timezone("UTC", s.at)) >= since)
    where = (*where, func.date(func.timezone("UTC", s.at)) < until)
    (whole,) = await sql.all(select(*figures).where(*where))
    reasons = await sql.all(select(s.reason, *figures).where(*where).group_by(s.reason).order_by(s.reason))
    offers = await sql.all(
        select(s.offer, *figures)
        .where(*where)
        .group_by(s.offer)
        .order_by(func.count().desc(), s.offer)
        .limit(100)
    )
    return (
        Counted(**_rated(whole)),
        [ByReason(**_rated(row)) for row in reasons],
        [ByOffer(**_rated(row)) for row in offers],
    )


def _rated(row: Any) -> dict[str, Any]:
    return {**row, "rate": row["accepted"] / row["shown"] if row["shown"] else None}
