"""Sums by time slot: the tables of read models that answer for the days of any time zone, and the one way to ask them.

Their rows have `grain` and `at`, the slot that they are of (domain/insight/slots.py): each fact is counted once in a slot of each grain. A period is
asked for by the fewest slots that make it up, so an answer reads as many rows for a long history as for a short one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Executable,
    Integer,
    Select,
    SmallInteger,
    String,
    Table,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
)

from domain.insight.calendar import Period
from domain.insight.slots import slots_of, spans
from projections.base import Row, Sql

Slot = tuple[int, datetime]


def slot_columns() -> tuple[Column[int], Column[datetime]]:
    return (
        Column("grain", SmallInteger, primary_key=True),
        Column("at", DateTime(timezone=True), primary_key=True),
    )


def in_slots(
    facts: Iterable[tuple[datetime, tuple[Any, ...], Sequence[Any]]],
) -> dict[tuple[Any, ...], list[Any]]:
    """Facts as (moment, key, figures), summed by (grain, at, *key)."""
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for moment, key, figures in facts:
        for slot in slots_of(moment):
            found = sums.get((*slot, *key))
            if found is None:
                sums[*slot, *key] = list(figures)
            else:
                for place, figure in enumerate(figures):
                    found[place] += figure
    return sums


def slot_rows(
    tenant: UUID, sums: Mapping[tuple[Any, ...], Sequence[Any]], keys: Sequence[str], names: Sequence[str]
) -> list[dict[str, Any]]:
    """What `in_slots` has summed, as rows in the order of their keys; those without any figure are left out."""
    named = ("grain", "at", *keys)
    return [
        {"tenant": tenant, **dict(zip(named, key, strict=True)), **dict(zip(names, figures, strict=True))}
        for key, figures in sorted(sums.items(), key=lambda item: item[0])
        if any(figures)
    ]


async def sums_of(
    sql: Sql,
    table: Table,
    tenant: UUID,
    periods: Sequence[Period],
    *,
    keys: Sequence[str] = (),
    names: Sequence[str],
    dimension: str | None = None,
) -> list[Row]:
    """The sums of `names` by `period` (its place in `periods`) and `keys`; where there is nothing there is no row. `dimension`: of a table that has some."""
    values: dict[str, Any] = {"tenant": tenant, **_spans(tuple(periods))}
    if dimension is not None:
        values["dimension"] = dimension
    return await sql.ask(_sums(table, tuple(keys), tuple(names), dimension is not None), values)


async def sketches_of(
    sql: Sql,
    table: Table,
    tenant: UUID,
    periods: Sequence[Period],
    *,
    key: str,
    bucket: str,
    count: str,
    dimension: str,
) -> dict[tuple[int, Any], dict[int, int]]:
    """(place in `periods`, key) → the sketch: bucket → count. A row for each, not one for each bucket, which took most of the time of the question."""
    values = {"tenant": tenant, "dimension": dimension, **_spans(tuple(periods))}
    rows = await sql.ask(_sketches(table, key, bucket, count), values)
    return {(row["period"], row[key]): dict(zip(row["buckets"], row["counts"], strict=True)) for row in rows}


@cache
def _sketches(table: Table, key: str, bucket: str, count: str) -> Executable:
    sums = _sums(table, (key, bucket), (count,), True).order_by(None).subquery("sums")
    by = (sums.c.period, sums.c[key])
    buckets, counts = func.array_agg(sums.c[bucket]), func.array_agg(cast(sums.c[count], BigInteger))
    return select(*by, buckets.label("buckets"), counts.label("counts")).group_by(*by)


@lru_cache(maxsize=64)
def _spans(periods: tuple[Period, ...]) -> Mapping[str, Any]:
    asked = [
        (place, span) for place, period in enumerate(periods) for span in spans(period.start, period.end)
    ]
    return {
        "periods": [place for place, _ in asked],
        "grains": [span.grain for _, span in asked],
        "starts": [span.start for _, span in asked],
        "ends": [span.end for _, span in asked],
    }


@cache
def _sums(table: Table, keys: tuple[str, ...], names: tuple[str, ...], dimensions: bool) -> Select[Any]:
    moments = ARRAY(DateTime(timezone=True))
    spanned = (
        func.unnest(
            bindparam("periods", type_=ARRAY(Integer)),
            bindparam("grains", type_=ARRAY(SmallInteger)),
            bindparam("starts", type_=moments),
            bindparam("ends", type_=moments),
        )
        .table_valued(
            column("period", Integer),
            column("grain", SmallInteger),
            column("start", DateTime(timezone=True)),
            column("end", DateTime(timezone=True)),
            name="spans",
        )
        .render_derived()
    )
    s, t = spanned.c, table.c
    where = [t.tenant == bindparam("tenant", type_=Uuid()), t.grain == s.grain, t.at >= s.start, t.at < s.end]
    if dimensions:
        where.append(t.dimension == bindparam("dimension", type_=String()))
    # Grouped within: so each span is one range of the primary key, whatever the planner thinks of how many there are.
    within = (
        select(*(t[key] for key in keys), *(_sum(t[name]).label(name) for name in names))
        .where(*where)
        .group_by(*(t[key] for key in keys))
        .having(func.count() > 0)
        .lateral("within")
    )
    w = within.c
    named = [w[key] for key in keys]
    query = select(s.period, *named, *(func.sum(w[name]).label(name) for name in names))
    query = query.select_from(spanned.join(within, true())).group_by(s.period, *named)
    return query.order_by(s.period, *named)


def _sum(of: Column[Any]) -> ColumnElement[Any]:
    """PostgreSQL's sum of whole numbers is a decimal, of which the next sum is several times as slow."""
    return cast(func.sum(of), BigInteger) if isinstance(of.type, BigInteger) else func.sum(of)
