"""What reckonings share: rows of a table by key, and the slots of a moment, found by the clock alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.base.recorded import Recorded

Key = tuple[Any, ...]
Rows = dict[Key, dict[str, Any]]
"""Of one table: the primary key without the tenant → the other columns."""

Reckoned = dict[str, Rows]
"""By the table's name. Of an erased event the columns are there, and `event` is None."""

Reckoning = Callable[[Sequence[Recorded]], Reckoned]


def slots(at: datetime) -> list[tuple[int, datetime]]:
    """The quarter of an hour, the hour, the six hours and the day (UTC) of a moment, with their minutes."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    return [
        (15, hour.replace(minute=at.minute - at.minute % 15)),
        (60, hour),
        (360, hour.replace(hour=at.hour - at.hour % 6)),
        (1440, hour.replace(hour=0)),
    ]


def summed(facts: Iterable[tuple[Key, dict[str, Any]]]) -> Rows:
    """Figures of the same key added up, in an exact context of decimals."""
    rows: Rows = {}
    for key, figures in facts:
        row = rows.setdefault(key, {name: type(figure)(0) for name, figure in figures.items()})
        for name, figure in figures.items():
            row[name] += figure
    return rows


def one(condition: object) -> int:
    return 1 if condition else 0


def amount(condition: object, value: Decimal) -> Decimal:
    return value if condition else Decimal(0)
