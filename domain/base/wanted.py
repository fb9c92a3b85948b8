"""What could stand in a place where something else was sent: the values of a choice, the kinds of an object, its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

MOST = 12
"""Fields that are all told; of more the nearest one."""

_STEP = re.compile(r"\.([^.\[]+)|\[([^\]]*)\]")
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")


def with_what_is_wanted(kind: Any, message: str, place: str) -> str:
    """msgspec's error of a value of this type, with what could stand at `place`, as `$.rich.type`, where it lacks that."""
    if message.startswith("Invalid enum value"):
        values = dict.fromkeys(str(each) for leaf in _at(kind, place) for each in _values(leaf))
        return f"{message}; it is one of {', '.join(values)}" if values else message
    if message.startswith("Invalid value"):
        parent, _, field = place.rpartition(".")
        tags = [
            str(each.tag)
            for each in _at(kind, parent)
            if isinstance(each, inspect.StructType) and each.tag_field == field
        ]
        return f"{message}; it is one of {', '.join(tags)}" if tags else message
    if (unknown := _UNKNOWN.search(message)) is not None:
        fields = _fields(kind, place)
        if near := get_close_matches(unknown[1], fields, 1):
            return f"{message}; did you mean `{near[0]}`?"
        return f"{message}; known are {', '.join(fields)}" if 0 < len(fields) <= MOST else message
    return message


def _fields(kind: Any, place: str) -> list[str]:
    structs = [each for each in _at(kind, place) if isinstance(each, inspect.StructType)]
    return list(dict.fromkeys(field.encode_name for each in structs for field in each.fields))


def _at(kind: Any, place: str) -> list[inspect.Type]:
    """All types that may stand there."""
    found = list(_flat(inspect.type_info(kind)))
    for name, _ in _STEP.findall(place):
        found = [inner for each in found for inner in _flat_all(_inside(each, name))]
    return found


def _inside(kind: inspect.Type, name: str) -> Iterator[inspect.Type]:
    """What stands in a field, or, without a name, in a list or an object whose names are data."""
    if name and isinstance(kind, inspect.StructType):
        yield from (field.type for field in kind.fields if field.encode_name == name)
    elif not name and isinstance(kind, inspect.CollectionType):
        yield kind.item_type
    elif not name and isinstance(kind, inspect.TupleType):
        yield from kind.item_types
    elif not name and isinstance(kind, inspect.DictType):
        yield from (kind.key_type, kind.value_type)


def _flat_all(kinds: Iterator[inspect.Type]) -> Iterator[inspect.Type]:
    for kind in kinds:
        yield from _flat(kind)


def _flat(kind: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(kind, inspect.Metadata):
        yield from _flat(kind.type)
    elif isinstance(kind, inspect.UnionType):
        yield from _flat_all(iter(kind.types))
    else:
        yield kind


def _values(kind: inspect.Type) -> Iterator[Any]:
    if isinstance(kind, inspect.LiteralType):
        yield from kind.values
    elif isinstance(kind, inspect.EnumType):
        yield from (each.value for each in kind.cls)
