"""Rows of a read model beside what was reckoned from the events: each figure that differs. Exact; a row that is missing counts as one of nothings."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Table

from projections.base import Row
from projections.reckoning.base import Rows


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """`figure` of the row `key` of a table: as the read model has it, and as the events do; null where there is no such row."""

    table: str
    key: str
    figure: str
    read_model: Any
    events: Any


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """`figures` that were compared, of which those in `differences` differ."""

    figures: int
    differences: list[Difference]


def compare(table: Table, live: Iterable[Row], reckoned: Rows) -> Compared:
    keys = [column.name for column in table.primary_key.columns if column.name != "tenant"]
    names = [column.name for column in table.columns if column.name not in (*keys, "tenant")]
    found = {tuple(row[name] for name in keys): row for row in live}
    differences = [
        Difference(
            table=table.name,
            key=", ".join(f"{name}={value}" for name, value in zip(keys, key, strict=True)),
            figure=name,
            read_model=_at(found, key, name),
            events=_at(reckoned, key, name),
        )
        for key in sorted({*found, *reckoned}, key=repr)
        for name in names
        if _counted(_at(found, key, name)) != _counted(_at(reckoned, key, name))
    ]
    return Compared(figures=len(names) * len({*found, *reckoned}), differences=differences)


def _at(rows: Any, key: tuple[Any, ...], name: str) -> Any:
    row = rows.get(key)
    return None if row is None else row[name]


def _counted(value: Any) -> Any:
    return None if isinstance(value, int | Decimal) and value == 0 else value
