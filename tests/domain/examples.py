"""An example of any event class, built from its types: once with everything that it can hold, once with what it must hold."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import inspect

from domain.base.aggregate import COLUMNS

S = TypeVar("S", bound=msgspec.Struct)
DEEPEST = 8
PATTERNED = ("openai", "openai/gpt-4o", "2026-11-20", "de", "a", "09:30")
"""A text with a pattern is the first of these that fits."""
PLAIN: dict[type, Any] = {
    inspect.AnyType: "x",
    inspect.NoneType: None,
    inspect.BoolType: True,
    inspect.BytesType: b"\x01\xfe" * 16,
    inspect.DateTimeType: datetime(2026, 11, 20, 12, 30, 1, 250000, UTC),
    inspect.DateType: date(2026, 11, 20),
    inspect.UUIDType: UUID(int=0x1234567890ABCDEF),
    inspect.DecimalType: Decimal("0.0123"),
    inspect.TimeDeltaType: timedelta(hours=1),
}


def example(cls: type[S], *, full: bool, deep: int = 0) -> S:
    """`full`: with all fields and one item in each collection; else with those that have no default, and empty collections."""
    fields = inspect.type_info(cls).fields  # type: ignore[attr-defined]  # a struct's
    wanted = [field for field in fields if field.name not in COLUMNS and (full or field.required)]
    return cls(**{field.name: _of(field.type, full, deep, field.name) for field in wanted})


def _of(kind: Any, full: bool, deep: int, name: str) -> Any:
    full_here = full and deep < DEEPEST
    deep += 1
    match kind:
        case inspect.Metadata():
            return _of(kind.type, full, deep, name)
        case inspect.IntType() | inspect.FloatType():
            return _number(kind)
        case inspect.StrType():
            if kind.pattern is not None:
                return next(text for text in PATTERNED if re.search(kind.pattern, text))
            return f"{name} é".ljust(kind.min_length or 0, "x")[: kind.max_length]
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.UnionType():
            some = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
            return None if len(some) < len(kind.types) and not full_here else _of(some[0], full, deep, name)
        case inspect.VarTupleType():
            return (_of(kind.item_type, full, deep, name),) if full_here else ()
        case inspect.TupleType():
            return tuple(_of(each, full, deep, name) for each in kind.item_types)
        case inspect.FrozenSetType():
            return frozenset({_of(kind.item_type, full, deep, name)} if full_here else ())
        case inspect.ListType():
            return [_of(kind.item_type, full, deep, name)] if full_here else []
        case inspect.DictType():
            value = _of(kind.value_type, full, deep, name)
            return {_of(kind.key_type, full, deep, "key"): value} if full_here else {}
        case inspect.StructType():
            return example(kind.cls, full=full, deep=deep)
    return PLAIN[type(kind)]


def _number(kind: inspect.IntType | inspect.FloatType) -> int | float:
    value: int | float = 3 if isinstance(kind, inspect.IntType) else 0.25
    value = value if kind.ge is None else max(value, kind.ge)
    value = value if kind.gt is None else max(value, kind.gt + 1)
    value = value if kind.le is None else min(value, kind.le)
    return value if isinstance(kind, inspect.IntType) else float(value)
