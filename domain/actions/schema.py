"""JSON Schema of arguments and results: that one is fit to be declared, and what a value lacks of it. Pure.

A schema of a tenant's fetches nothing, and its patterns are matched in linear time. What is told of a value never holds the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec

from domain.base.errors import Invalid
from domain.models.schema_checking import SchemaChecker

LARGEST = 20_000
"""Bytes of a schema as JSON."""

FAULTS = 5
"""That are told of one value."""


def check_schema(what: str, schema: Mapping[str, Any]) -> None:
    """Whether it can be declared. `what` names it in the error. Raises Invalid."""
    text = msgspec.json.encode(schema, order="deterministic")
    if len(text) > LARGEST:
        raise Invalid(f"{what} has {len(text)} bytes as JSON; send a schema of at most {LARGEST}")
    if schema.get("type") != "object":
        raise Invalid(f'{what} is a JSON Schema of an object; begin with {{"type": "object"}}')
    properties = schema.get("properties", {})
    if not isinstance(properties, dict) or not all(isinstance(each, dict) for each in properties.values()):
        raise Invalid(f"{what}: `properties` holds one schema a name")
    try:
        _checker(text)
    except Invalid as error:
        raise Invalid(f"{what}: {error}") from None


def faults(schema: Mapping[str, Any], value: object) -> list[str]:
    """What a value lacks of the schema, without a word of the value; empty: it fits."""
    checker = _checker(msgspec.json.encode(schema, order="deterministic"))
    return list(islice(checker.misfits(value), FAULTS))


def closed(schema: Mapping[str, Any], without: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The same, where nothing may be given that it does not name, and nothing that is `without`."""
    left = dict(schema)
    hidden = without or {}
    left["properties"] = {
        name: each for name, each in schema.get("properties", {}).items() if name not in hidden
    }
    required = [name for name in schema.get("required", ()) if name not in hidden]
    left.pop("required", None)
    if required:
        left["required"] = required
    left["additionalProperties"] = False
    return left


@lru_cache(maxsize=512)
def _checker(text: bytes) -> SchemaChecker:
    """Raises Invalid."""
    return SchemaChecker(msgspec.json.decode(text))
