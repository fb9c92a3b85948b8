"""How were answers rated? The latest rating of each; what was said to it is read from the log when shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    String,
    Table,
    Uuid,
    any_,
    func,
    literal,
    select,
    tuple_,
)

from domain.base.aggregate import Event
from domain.base.recorded import Recorded
from domain.feedback.rating import Rating, Source
from projections.base import Sql, metadata, replacing, row_of, struct_of, tenant_column

ratings = Table(
    "ratings",
    metadata,
    tenant_column(),
    Column("interaction", Uuid, primary_key=True),
    Column("conversation", Uuid, nullable=False),
    Column("helpful", Boolean, nullable=False),
    Column("source", String, nullable=False),
    Column("rated_at", DateTime(timezone=True), nullable=False),
    Column("changes", Integer, nullable=False),
    Column("comment", BigInteger),
)
Index("ratings_rated", ratings.c.tenant, ratings.c.rated_at, ratings.c.interaction)

_REPLACE = replacing(ratings)


class RatingRow(msgspec.Struct, kw_only=True):
    """`rated_at`: when it was rated, or rated otherwise, last; `changes`: how often it was rated otherwise. `comment`: the position of the event that
    says what was said to it."""

    interaction: UUID
    conversation: UUID
    helpful: bool
    source: Source
    rated_at: datetime
    changes: int = 0
    comment: int | None = None


class Rated(msgspec.Struct, frozen=True, kw_only=True):
    """Ratings in a time."""

    total: int
    helpful: int
    commented: int


class Ratings:
    name: ClassVar[str] = "ratings"
    version: ClassVar[int] = 1
    tables: ClassVar[Sequence[Table]] = (ratings,)
    events: ClassVar[Sequence[type[Event]]] = (Rating.Rated, Rating.Commented)
    on_failure: ClassVar[Literal["park", "stop"]] = "park"

    async def apply(self, batch: Sequence[Recorded], sql: Sql) -> None:
        tenant = batch[0].tenant
        named = {
            recorded.event.interaction
            for recorded in batch
            if isinstance(recorded.event, Rating.Rated | Rating.Commented)
        }
        query = select(ratings).where(
            ratings.c.tenant == tenant, ratings.c.interaction == any_(literal(list(named), ARRAY(Uuid)))
        )
        rows = {row["interaction"]: struct_of(RatingRow, row) for row in await sql.all(query)}
        for recorded in batch:
            _fold(recorded, rows)
        await sql.put(_REPLACE, [row_of(tenant, row) for row in rows.values()])


def _fold(recorded: Recorded, rows: dict[UUID, RatingRow]) -> None:
    event = recorded.event
    if isinstance(event, Rating.Rated):
        row = rows.get(event.interaction)
        if row is None:
            rows[event.interaction] = RatingRow(
                interaction=event.interaction,
                conversation=event.conversation,
                helpful=event.helpful,
                source=event.source,
                rated_at=recorded.recorded_at,
            )
        else:
            row.helpful, row.source, row.rated_at = event.helpful, event.source, recorded.recorded_at
            row.changes += 1
    elif isinstance(event, Rating.Commented):
        rows[event.interaction].comment = None if event.empty else recorded.position


async def rated(sql: Sql, tenant: UUID, *, since: datetime, until: datetime) -> Rated:
    """Those given from `since` until before `until`; one that was changed, when it was changed last."""
    query = select(
        func.count().label("total"),
        func.count().filter(ratings.c.helpful).label("helpful"),
        func.count(ratings.c.comment).label("commented"),
    ).where(ratings.c.tenant == tenant, ratings.c.rated_at >= since, ratings.c.rated_at < until)
    (row,) = await sql.all(query)
    return Rated(**row)


async def ratings_of(sql: Sql, tenant: UUID, interactions: Sequence[UUID]) -> dict[UUID, RatingRow]:
    """By interaction, of those that were rated."""
    query = select(ratings).where(
        ratings.c.tenant == tenant, ratings.c.interaction == any_(literal(list(interactions), ARRAY(Uuid)))
    )
    return {row["interaction"]: struct_of(RatingRow, row) for row in await sql.all(query)}


async def list_ratings(
    sql: Sql,
    tenant: UUID,
    *,
    helpful: bool | None = None,
    commented: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[RatingRow]:
    """The newest first; `before` is the (rated_at, interaction) of the last one seen."""
    query = select(ratings).where(ratings.c.tenant == tenant)
    if helpful is not None:
        query = query.where(ratings.c.helpful.is_(helpful))
    if commented is not None:
        query = query.where(ratings.c.comment.is_not(None) if commented else ratings.c.comment.is_(None))
    if since is not None:
        query = query.where(ratings.c.rated_at >= since)
    if until is not None:
        query = query.where(ratings.c.rated_at <= until)
    if before is not None:
        query = query.where(tuple_(ratings.c.rated_at, ratings.c.interaction) < before)
    query = query.order_by(ratings.c.rated_at.desc(), ratings.c.interaction.desc()).limit(limit)
    return [struct_of(RatingRow, row) for row in await sql.all(query)]
