"""How much work a JSON Schema of a caller's can make: bounded before anything is looked at by it. Pure.

A schema unfolds: each reference stands for what it points at, and several of them at one place are looked at one after the other. What comes back to itself by way of
a value's members doubles with each level of the value, where it does so twice.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from domain.base.errors import Invalid

DEEPEST, MOST_NODES = 60, 5_000
"""Levels and subschemas of a schema."""

MOST_UNFOLDED = 50_000
"""Subschemas at which one place of a value is looked at, with all that references unfold to."""

DEEPEST_VALUE = 100
"""Levels of a value that is looked at."""

MOST_LOOKS = 100_000
"""Times that one place of a value is looked at by a schema that comes back to itself."""

IN_PLACE = ("not", "if", "then", "else", "propertyNames", "contentSchema")
IN_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
INSIDE = (
    "items",
    "contains",
    "additionalItems",
    "unevaluatedItems",
    "additionalProperties",
    "unevaluatedProperties",
)
NAMED = ("properties", "patternProperties")
DYNAMIC = ("$dynamicRef", "$recursiveRef")

Node = Mapping[str, Any]


class Bounds(msgspec.Struct, frozen=True):
    """`deepest`: levels of a value that can be looked at within the bounds."""

    deepest: int


def bounds_of(schema: Node) -> Bounds:
    """Raises Invalid for a schema that could make too much work, or points elsewhere."""
    return _Reading(schema).bounds()


class _Reading:
    def __init__(self, schema: Node) -> None:
        self._root = schema
        self._sizes: dict[int, int] = {}
        self._under_way: set[int] = set()
        self._looks: dict[int, Counter[str]] = {}
        self._recursive = False
        self._nodes: dict[int, Node] = {}
        self._collect(schema, 0)

    def bounds(self) -> Bounds:
        self._size(self._root)
        if not self._recursive:
            return Bounds(DEEPEST_VALUE)
        ways = max((self._ways(node) for key, node in self._nodes.items() if key in self._sizes), default=1)
        return Bounds(DEEPEST_VALUE if ways <= 1 else max(3, int(math.log(MOST_LOOKS, ways))))

    def _collect(self, value: Any, level: int) -> None:
        if level > DEEPEST:
            raise Invalid(f"the schema is nested in more than {DEEPEST} levels; make it flatter")
        if isinstance(value, dict):
            self._nodes[id(value)] = value
            if len(self._nodes) > MOST_NODES:
                raise Invalid(f"the schema has more than {MOST_NODES} parts; make it smaller")
            if any(name in value for name in DYNAMIC) or (level and isinstance(value.get("$id"), str)):
                raise Invalid(
                    "the schema has $dynamicRef, $recursiveRef or an inner $id; refer by $ref to #/$defs/…"
                )
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            self._collect(each, level + 1)

    def _pointed(self, node: Node) -> Node | None:
        """What its $ref points at: in this schema."""
        ref = node.get("$ref")
        if ref is None:
            return None
        found: Any = self._root
        if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
            raise Invalid(
                "a $ref points elsewhere; write what it means into the schema's own $defs, as #/$defs/…"
            )
        for part in ref[2:].split("/") if len(ref) > 1 else ():
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            if isinstance(found, bool):
                return None
            raise Invalid(f"the $ref {ref[:60]!r} points at nothing in the schema")
        return found

    def _in_place(self, node: Node) -> Iterator[Node]:
        if (pointed := self._pointed(node)) is not None:
            yield pointed
        for name in IN_PLACE:
            if isinstance(each := node.get(name), dict):
                yield each
        for name in IN_PLACE_LISTS:
            some = node.get(name)
            yield from (each for each in (some if isinstance(some, list) else ()) if isinstance(each, dict))
        dependent = node.get("dependentSchemas")
        yield from (each for each in (dependent or {}).values() if isinstance(each, dict))

    def _inside(self, node: Node) -> Iterator[tuple[str, Node]]:
        """Subschemas for a value's members, and which: a name, `*` for what may be any."""
        for name in NAMED:
            some = node.get(name)
            for key, each in (some if isinstance(some, dict) else {}).items():
                if isinstance(each, dict):
                    yield (f".{key}" if name == "properties" else "*"), each
        items = node.get("prefixItems", node.get("items"))
        for at, each in enumerate(items if isinstance(items, list) else ()):
            if isinstance(each, dict):
                yield f"[{at}", each
        for name in INSIDE:
            if isinstance(each := node.get(name), dict):
                yield "*", each

    def _size(self, node: Node) -> int:
        """Subschemas that it unfolds to. What comes back to itself within a value is found on the way."""
        key = id(node)
        if key in self._sizes:
            return self._sizes[key]
        if key in self._under_way:
            self._recursive = True
            return 1
        self._under_way.add(key)
        size = 1 + sum(self._size(each) for each in self._in_place(node))
        size += sum(self._size(each) for _, each in self._inside(node))
        self._under_way.discard(key)
        if size > MOST_UNFOLDED:
            raise Invalid("the schema's references unfold to too much; refer less often, or make it flatter")
        self._sizes[key] = size
        return size

    def _ways(self, node: Node) -> int:
        """How often one member of a value is looked at, when the value is looked at once."""
        counted = self._counted(node, frozenset())
        return max((times for key, times in counted.items() if key != "*"), default=0) + counted["*"]

    def _counted(self, node: Node, above: frozenset[int]) -> Counter[str]:
        key = id(node)
        if key in self._looks:
            return self._looks[key]
        if key in above:  # in place it comes back to itself: it is not looked at again
            return Counter()
        counted = Counter(name for name, _ in self._inside(node))
        for each in self._in_place(node):
            counted.update(self._counted(each, above | {key}))
        self._looks[key] = counted
        return counted
