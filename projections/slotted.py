"""Sums by time slot: the tables of read models that answer for the days of any time zone, and the one way to ask them.

Their rows have `grain` and `at`, the slot that they are of (domain/insight/slots.py): each fact is counted once in a slot of each grain. A period is
asked for by the fewest slots that make it up, so an answer reads as many rows for a long history as for a short one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    DateTime,
    Integer,
    SmallInteger,
    Table,
    column,
    func,
    literal,
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
    where: Sequence[ColumnElement[bool]] = (),
) -> list[Row]:
    """The sums of `names` by `period` (its place in `periods`) and `keys`; where there is nothing there is no row."""
    asked = [
        (place, span) for place, period in enumerate(periods) for span in spans(period.start, period.end)
    ]
    spanned = (
        func.unnest(
            literal([place for place, _ in asked], ARRAY(Integer)),
            literal([span.grain for _, span in asked], ARRAY(SmallInteger)),
            literal([span.start for _, span in asked], ARRAY(DateTime(timezone=True))),
            literal([span.end for _, span in asked], ARRAY(DateTime(timezone=True))),
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
    # Grouped within: so each span is one range of the primary key, whatever the planner thinks of how many there are.
    within = (
        select(*(t[key] for key in keys), *(func.sum(t[name]).label(name) for name in names))
        .where(t.tenant == tenant, t.grain == s.grain, t.at >= s.start, t.at < s.end, *where)
        .group_by(*(t[key] for key in keys))
        .having(func.count() > 0)
        .lateral("within")
    )
    w = within.c
    named = [w[key] for key in keys]
    query = select(s.period, *named, *(func.sum(w[name]).label(name) for name in names))
    query = query.select_from(spanned.join(within, true())).group_by(s.period, *named)
    return await sql.all(query.order_by(s.period, *named))
