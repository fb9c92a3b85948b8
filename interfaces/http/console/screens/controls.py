"""How a field of a body is asked for: by its type."""

from __future__ import annotations

from typing import Literal, NamedTuple

from msgspec import inspect

Kind = Literal[
    "text",
    "number",
    "area",
    "lines",
    "pairs",
    "rows",
    "groups",
    "check",
    "choice",
    "choices",
    "json",
    "moment",
    "date",
    "secret",
]
LONG = 300
"""Characters from which on a text may have several lines."""


class Control(NamedTuple):
    """`lines`: a text a line. `pairs`: `name: text` a line. `rows`: the fields `options` a line, with commas
    between them (cells.py). `groups`: texts a line, so too. `choice`: one of `options`, `choices`: some of them. `how`: how it is written, beside
    or in the place of what is said of its kind."""

    kind: Kind
    options: tuple[str, ...] = ()
    how: str = ""


def control_of(type: inspect.Type, name: str = "") -> Control:
    """Of a type; what fits none is written as JSON. `name` of the field: an address is one line, however long it may be."""
    known, _ = without_none(type)
    match known:
        case inspect.BoolType() if known is not type:
            return Control("choice", ("true", "false"))
        case inspect.BoolType():
            return Control("check")
        case inspect.IntType() | inspect.FloatType() | inspect.DecimalType():
            return Control("number")
        case inspect.DateTimeType():
            return Control("moment")
        case inspect.DateType():
            return Control("date")
        case inspect.LiteralType(values):
            return Control("choice", tuple(str(value) for value in values))
        case inspect.StrType(max_length=longest):
            return Control("area" if (longest or LONG) > LONG and not name.endswith("url") else "text")
        case inspect.UUIDType():
            return Control("text")
    return _several(known)


def _several(known: inspect.Type) -> Control:
    if isinstance(known, inspect.VarTupleType | inspect.ListType | inspect.FrozenSetType):
        match known.item_type:
            case inspect.LiteralType(values):
                return Control("choices", tuple(str(value) for value in values))
            case inspect.StrType() | inspect.UUIDType() | inspect.IntType() | inspect.FloatType():
                return Control("lines")
            case inspect.StructType(fields=fields) if all(map(_is_cell, fields)):
                return Control("rows", tuple(field.encode_name for field in fields))
            case (
                inspect.VarTupleType(item_type=inspect.StrType())
                | inspect.ListType(item_type=inspect.StrType())
            ):
                return Control("groups")
    if isinstance(known, inspect.DictType) and isinstance(known.value_type, inspect.StrType):
        return Control("pairs")
    return Control("json")


CELLS = (
    inspect.IntType
    | inspect.FloatType
    | inspect.DecimalType
    | inspect.BoolType
    | inspect.DateType
    | inspect.DateTimeType
    | inspect.UUIDType
    | inspect.LiteralType
    | inspect.StrType
)


def _is_cell(field: inspect.Field) -> bool:
    return isinstance(without_none(field.type)[0], CELLS)


def without_none(type: inspect.Type) -> tuple[inspect.Type, bool]:
    """A type without None and without what is said about it, and whether it had None."""
    if isinstance(type, inspect.Metadata):
        return without_none(type.type)
    if not isinstance(type, inspect.UnionType):
        return type, False
    rest = tuple(each for each in type.types if not isinstance(each, inspect.NoneType))
    if len(rest) == len(type.types):
        return type, False
    return (without_none(rest[0])[0] if len(rest) == 1 else inspect.UnionType(rest)), True
