"""What came of each customer, under whatever was rolled out or compared? One row a customer and split, in the order of assignment.

The fold is domain/experiments/outcomes.py; here are the tables that it goes on from. Counted from events that hold nothing personal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    Uuid,
    any_,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.chat.call import Call
from domain.conversations.conversation import Conversation
from domain.experiments.outcomes import EVENTS, Units, unit_of
from domain.experiments.unit import Rated, Unit, Watched, outcomes
from domain.feedback.rating import Rating
from domain.flags.outcome import Outcome
from projections.base import RUNS, Row, Sql, metadata, replacing, row_of, struct_of, tenant_column

units = Table(
    "outcomes",
    metadata,
    tenant_column(),
    Column("split", Uuid, primary_key=True),
    Column("unit", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("closes_at", DateTime(timezone=True), nullable=False),
    Column("arm", String, nullable=False),
    Column("share", Double, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("timed", Integer, nullable=False),
    Column("latency_ms", Numeric, nullable=False),
    Column("latency_log", BigInteger, nullable=False),
    Column("cost", Numeric, nullable=False),
    Column("cost_log", BigInteger, nullable=False),
    Column("rated", Integer, nullable=False),
    Column("helpful", Integer, nullable=False),
    Column("handed_over", Boolean, nullable=False),
)
Index("outcomes_order", units.c.tenant, units.c.split, units.c.position)
Index("outcomes_unit", units.c.tenant, units.c.unit)

splits = Table(
    "outcomes_splits",
    metadata,
    tenant_column(),
    Column("split", Uuid, primary_key=True),
    Column("flag", String),
    Column("percentage", Integer, nullable=False),
    Column("shares", Text, nullable=False),
    Column("window", Double, nullable=False),
    Column("running", Boolean, nullable=False),
)

ratings = Table(
    "outcomes_ratings",
    metadata,
    tenant_column(),
    Column("interaction", Uuid, primary_key=True),
    Column("helpful", Boolean, nullable=False),
    Column("position", BigInteger, nullable=False),
)

PAGE = 1_000
"""Customers of one read of a look."""

_PUT_UNITS, _PUT_SPLITS, _PUT_RATINGS = replacing(units), replacing(splits), replacing(ratings)


class Outcomes:
    name: ClassVar[str] = "outcomes"
    version: ClassVar[int] = 2  # answers whose caller went away count
    tables: ClassVar[Sequence[Table]] = (units, splits, ratings)
    events: ClassVar[Sequence[type[Event]]] = EVENTS
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        known = await _splits(sql, tenant)
        if not known and all(isinstance(recorded.event, (*RUNS, Rating.Rated)) for recorded in batch):
            return  # nothing was ever rolled out or compared
        units_known, rated = await _units(sql, tenant, _named(batch)), await _ratings(sql, tenant, batch)
        folding = Units(known, units_known, rated)
        for recorded in batch:
            folding.fold(recorded)
        await sql.put(_PUT_SPLITS, [_split_row(tenant, split) for split in folding.followed.values()])
        await sql.put(_PUT_UNITS, [row_of(tenant, unit) for unit in folding.touched.values()])
        await sql.put(_PUT_RATINGS, [row_of(tenant, rated) for rated in folding.rerated.values()])


async def closed_outcomes(
    sql: Sql, tenant: UUID, split: UUID, *, new: str, beside: str, until: datetime
) -> list[Outcome]:
    """Of two arms, in the order of assignment: of all customers before the first that was still open `until` then. Page by page, so that others have
    their turn: of 100,000 customers all at once would hold up the process for a second. What is closed does not change meanwhile."""
    watched = [_split(row) for row in await sql.all(_of(tenant, split))]
    place, found = tuple_(units.c.position, units.c.unit), list[Outcome]()
    query = select(units).where(units.c.tenant == tenant, units.c.split == split)
    query = query.order_by(units.c.position, units.c.unit).limit(PAGE)
    page = await sql.all(query)
    while page:
        rows = (struct_of(Unit, row) for row in page)
        found += outcomes(rows, watched[0] if watched else None, new=new, beside=beside, until=until)
        if len(page) < PAGE or any(row["closes_at"] > until for row in page):
            break
        page = await sql.all(query.where(place > (page[-1]["position"], page[-1]["unit"])))
    return found


def _named(batch: Sequence[Recorded]) -> list[UUID]:
    """The customers whose events these are."""
    named: set[UUID] = set()
    for recorded in batch:
        if isinstance(recorded.event, Conversation.Metered | Call.Metered):
            named |= {recorded.stream, unit_of(recorded, recorded.event)}
        elif isinstance(recorded.event, Rating.Rated):
            named.add(recorded.event.conversation)
    return sorted(named)


async def _splits(sql: Sql, tenant: UUID) -> list[Watched]:
    return [_split(row) for row in await sql.all(select(splits).where(splits.c.tenant == tenant))]


async def _units(sql: Sql, tenant: UUID, named: list[UUID]) -> list[Unit]:
    query = select(units).where(units.c.tenant == tenant, units.c.unit == any_(literal(named, ARRAY(Uuid))))
    return [struct_of(Unit, row) for row in await sql.all(query)]


async def _ratings(sql: Sql, tenant: UUID, batch: Sequence[Recorded]) -> list[Rated]:
    named = sorted({r.event.interaction for r in batch if isinstance(r.event, Rating.Rated)})
    if not named:
        return []
    query = select(ratings).where(
        ratings.c.tenant == tenant, ratings.c.interaction == any_(literal(named, ARRAY(Uuid)))
    )
    return [struct_of(Rated, row) for row in await sql.all(query)]


def _of(tenant: UUID, split: UUID) -> Any:
    return select(splits).where(splits.c.tenant == tenant, splits.c.split == split)


def _split(row: Row) -> Watched:
    return struct_of(Watched, {**row, "shares": msgspec.json.decode(row["shares"], type=dict[str, float])})


def _split_row(tenant: UUID, split: Watched) -> dict[str, Any]:
    return {**row_of(tenant, split), "shares": msgspec.json.encode(split.shares, order="sorted").decode()}
