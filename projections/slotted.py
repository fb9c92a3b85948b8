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
    LargeBinary,
    Select,
    SmallInteger,
    String,
    Table,
    TableValuedAlias,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.sql.selectable import LateralFromClause

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


async def joined_of(
    sql: Sql,
    table: Table,
    tenant: UUID,
    periods: Sequence[Period],
    *,
    key: str,
    kept: str,
    dimension: str,
) -> dict[tuple[int, Any], bytes]:
    """(place in `periods`, key) → `kept` of all slots that make it up, joined: one value a group crosses over, not one for each slot."""
    values = {"tenant": tenant, "dimension": dimension, **_spans(tuple(periods))}
    rows = await sql.ask(_joined(table, key, kept), values)
    return {(row["period"], row[key]): row["joined"] for row in rows}


@cache
def _joined(table: Table, key: str, kept: str) -> Executable:
    spanned = _spanned()
    within = _within(spanned, table, (key, kept), True)
    by = (spanned.c.period, within.c[key])
    joined = func.string_agg(within.c[kept], literal(b"", LargeBinary())).label("joined")
    return select(*by, joined).select_from(spanned.join(within, true())).group_by(*by)


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
    spanned = _spanned()
    within = _within(spanned, table, (*keys, *names), dimensions)
    by = (spanned.c.period, *(within.c[key] for key in keys))
    query = select(*by, *(_sum(within.c[name]).label(name) for name in names))
    return query.select_from(spanned.join(within, true())).group_by(*by).order_by(*by)


def _spanned() -> TableValuedAlias:
    moments = ARRAY(DateTime(timezone=True))
    return (
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


def _within(
    spanned: TableValuedAlias, table: Table, names: tuple[str, ...], dimensions: bool
) -> LateralFromClause:
    """The rows of a span. OFFSET 0 keeps them a range of the primary key for each span, whatever the planner thinks of how many there are; summed
    for each span first, the sums took longer than the rows."""
    s, t = spanned.c, table.c
    where = [t.tenant == bindparam("tenant", type_=Uuid()), t.grain == s.grain, t.at >= s.start, t.at < s.end]
    if dimensions:
        where.append(t.dimension == bindparam("dimension", type_=String()))
    return select(*(t[name] for name in names)).where(*where).offset(literal_column("0")).lateral("within")


def _sum(of: ColumnElement[Any]) -> ColumnElement[Any]:
    """PostgreSQL's sum of whole numbers is a decimal, of which the next sum is several times as slow."""
    return cast(func.sum(of), BigInteger) if isinstance(of.type, BigInteger) else func.sum(of)
