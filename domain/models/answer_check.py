"""Whether an answer has the form that was asked for: looked at here, whatever its vendor promises. Pure.

Patterns with look-around or back references, which can't be matched in linear time, are not looked at.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jsonschema_rs
import msgspec

from domain.base.errors import Invalid
from domain.models.answer_format import AnswerFormat
from domain.models.schema_checking import SchemaChecker, made

LARGEST = 128 * 1024
"""Bytes of a schema."""


def check_format(form: AnswerFormat) -> None:
    """Whether answers can be looked at by it. Raises Invalid."""
    if form.schema is None:
        return
    if len(form.schema.encode()) > LARGEST:
        raise Invalid(f"the schema has more than {LARGEST // 1024} KiB; make it smaller")
    _checker(form.schema)


def misfit(form: AnswerFormat, text: str) -> str | None:
    """What is wrong with an answer, without a word of it; None: it fits."""
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return "the answer is no JSON"
    if form.type == "json_object" and not isinstance(value, dict):
        return "the answer is no JSON object"
    if form.schema is None:
        return None
    found = next(_checker(form.schema).misfits(value), None)
    return None if found is None else found.replace("it ", "the answer ", 1)


@lru_cache(maxsize=256)
def _checker(text: str) -> SchemaChecker:
    """Raises Invalid."""
    return SchemaChecker(_matchable(msgspec.json.decode(text)))


def _matchable(value: Any) -> Any:
    """The same without patterns that can't be matched in linear time."""
    if isinstance(value, list):
        return [_matchable(each) for each in value]
    if not isinstance(value, dict):
        return value
    left = {name: _matchable(each) for name, each in value.items()}
    if isinstance(pattern := left.get("pattern"), str) and not _compiles(pattern):
        del left["pattern"]
    if isinstance(some := left.get("patternProperties"), dict):
        kept = {pattern: each for pattern, each in some.items() if _compiles(pattern)}
        if len(kept) < len(some):
            left["patternProperties"] = kept
            left.pop("additionalProperties", None)
            left.pop("unevaluatedProperties", None)
    return left


def _compiles(pattern: str) -> bool:
    try:
        made({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True
