"""Whether an answer has the form that was asked for: looked at here, whatever its vendor promises. Pure.

Patterns are matched in linear time; those with look-around or back references, which can't be, are not looked at. Formats, as of dates, are not either: vendors differ in what they mean.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jsonschema_rs
import msgspec

from domain.base.errors import Invalid
from domain.models.answer_format import AnswerFormat
from domain.models.schema_bounds import Bounds, bounds_of

LARGEST = 128 * 1024
"""Bytes of a schema."""

PATTERN = 200_000
"""Bytes that a compiled pattern may take."""


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
    validator, bounds = _checker(form.schema)
    if _deeper(value, bounds.deepest):
        return f"the answer is nested in more than {bounds.deepest} levels, which is too deep to be held against its schema"
    if validator.is_valid(value):
        return None
    error = next(iter(validator.iter_errors(value)))
    at = "/".join(str(each) for each in error.schema_path)
    return f"the answer does not fit its schema at {at}"[:300]


def _deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(each, levels - 1) for each in inner)


@lru_cache(maxsize=256)
def _checker(text: str) -> tuple[Any, Bounds]:
    """Raises Invalid."""
    schema = msgspec.json.decode(text)
    bounds = bounds_of(schema)
    try:
        return _made(_matchable(schema)), bounds
    except (jsonschema_rs.ValidationError, ValueError) as error:
        raise Invalid(f"it is no JSON Schema: {str(error).partition(chr(10))[0][:200]}") from None


def _made(schema: Any) -> Any:
    return jsonschema_rs.validator_for(
        schema,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=PATTERN, dfa_size_limit=PATTERN),
        retriever=_nothing,
        validate_formats=False,
        mask="…",
    )


def _nothing(uri: str) -> Any:
    raise ValueError("schemas are fetched from nowhere; write the definitions into the schema itself")


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
        _made({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True
