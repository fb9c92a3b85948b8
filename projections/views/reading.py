"""Rows of a view, page by page: all of them, or those that may have changed since a position. For exports and feeds.

Each page is a question of its own, in a short transaction: nothing is held while a slow reader takes its time. A row that comes or changes
meanwhile has a position after the one that the reading began at, so whoever goes on from there has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Numeric,
    String,
    Uuid,
    any_,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy import column as named
from sqlalchemy import table as table_named
from sqlalchemy.sql.expression import ColumnElement, Select

from domain.kinds import ERASING
from projections.base import Row, Sql
from projections.views.view import View

events = table_named(
    "events",
    named("tenant", Uuid),
    named("seq", BigInteger),
    named("stream", Uuid),
    named("topic", String),
)
"""The log, as far as it says which streams have changed."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Rows whose `time` lies from `since` until before `until`; of a view by day, of the days of these moments (UTC)."""

    since: datetime | None = None
    until: datetime | None = None


async def page_of(
    sql: Sql, view: View, tenant: UUID, part: Part, *, after: Row | None, limit: int
) -> list[Row]:
    """The next rows in the order of the key; `after`: the last one of the page before."""
    query = _query(view, tenant, part)
    keys = [view.column(name).source for name in view.key]
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*(literal(after[name]) for name in view.key)))
    return await sql.all(query.order_by(*keys).limit(limit))


async def changed_streams(
    sql: Sql, view: View, tenant: UUID, *, since: int, until: int, after: UUID | None, limit: int
) -> list[UUID]:
    """The next streams with events behind position `since`, up to `until`, that the view follows from."""
    topics = [event.TOPIC for event in view.projection.events]
    query = select(events.c.stream).distinct()
    query = query.where(events.c.tenant == tenant, events.c.seq > since, events.c.seq <= until)
    query = query.where(events.c.topic == any_(literal(topics, ARRAY(String))))
    if after is not None:
        query = query.where(events.c.stream > after)
    return [row["stream"] for row in await sql.all(query.order_by(events.c.stream).limit(limit))]


async def forgotten_streams(
    sql: Sql, tenant: UUID, *, since: int, until: int, after: UUID | None, limit: int
) -> list[UUID]:
    """The next streams that were erased behind position `since`, up to `until`."""
    query = select(events.c.stream).distinct()
    query = query.where(events.c.tenant == tenant, events.c.seq > since, events.c.seq <= until)
    query = query.where(events.c.topic == any_(literal(sorted(ERASING), ARRAY(String))))
    if after is not None:
        query = query.where(events.c.stream > after)
    return [row["stream"] for row in await sql.all(query.order_by(events.c.stream).limit(limit))]


async def rows_of_streams(
    sql: Sql, view: View, tenant: UUID, part: Part, streams: Sequence[UUID]
) -> list[Row]:
    """Those that follow from these streams, in the order of the key."""
    assert view.stream is not None
    its = view.column(view.stream).source == any_(literal(list(streams), ARRAY(Uuid)))
    keys = [view.column(name).source for name in view.key]
    return await sql.all(_query(view, tenant, part).where(its).order_by(*keys))


async def beyond(sql: Sql, view: View, tenant: UUID, part: Part, *, scale: int, digits: int) -> bool:
    """Whether an exact number does not fit into so many digits, `scale` of them after the point."""
    numbers = [column.name for column in view.columns if column.type == "numeric"]
    if not numbers:
        return False
    rows = _query(view, tenant, part).subquery()
    most = 10 ** (digits - scale)
    large: list[ColumnElement[bool]] = [
        or_(func.min_scale(rows.c[name]) > scale, func.abs(rows.c[name]) >= literal(most, Numeric))
        for name in numbers
    ]
    return bool(await sql.all(select(literal(1).label("one")).select_from(rows).where(or_(*large)).limit(1)))


def _query(view: View, tenant: UUID, part: Part) -> Select[Any]:
    (table,) = view.tables()
    query = view.query().where(table.c.tenant == tenant)
    if view.time is None:
        return query
    time = view.column(view.time)
    bounds = {"since": part.since, "until": part.until}
    given = {
        name: moment.date() if time.type == "date" else moment
        for name, moment in bounds.items()
        if moment is not None
    }
    conditions = [time.source >= given["since"]] if "since" in given else []
    conditions += [time.source < given["until"]] if "until" in given else []
    return query.where(*conditions)
