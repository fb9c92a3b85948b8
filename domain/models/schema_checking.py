"""JSON Schema validator whose work is bounded, whoever wrote the schema. Pure.

Patterns are matched in linear time (jsonschema-rs), nothing is fetched, and what its references unfold to is bounded (`schema_bounds.py`). Formats, as of dates, are not looked at:
vendors differ in what they mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from domain.base.errors import Invalid
from domain.models.schema_bounds import bounds_of

PATTERN = 200_000
"""Bytes that a compiled pattern may take."""


class SchemaChecker:
    """Raises Invalid where the schema is none, or could make too much work."""

    def __init__(self, schema: Any) -> None:
        self.deepest = bounds_of(schema).deepest
        """Levels of a value that can be looked at."""
        try:
            self._validator = made(schema)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            told = str(error).partition("\n")[0][:200]
            raise Invalid(f"it is no JSON Schema that can be checked: {told}") from None

    def misfits(self, value: Any) -> Iterator[str]:
        """Each place of the schema that a value does not fit, as a/b/0, without a word of the value."""
        if _deeper(value, self.deepest):
            yield f"it is nested in more than {self.deepest} levels, which is too deep to be held against its schema"
            return
        if self._validator.is_valid(value):
            return
        for error in self._validator.iter_errors(value):
            at = "/".join(str(each) for each in error.schema_path)
            yield f"it does not fit its schema at {at}"[:300]


def made(schema: Any) -> Any:
    """Raises jsonschema_rs.ValidationError, ValueError."""
    return jsonschema_rs.validator_for(
        schema,
        pattern_options=jsonschema_rs.RegexOptions(size_limit=PATTERN, dfa_size_limit=PATTERN),
        retriever=_nothing,
        validate_formats=False,
        mask="…",
    )


def _deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_deeper(each, levels - 1) for each in inner)


def _nothing(uri: str) -> Any:
    raise ValueError("schemas are fetched from nowhere; write the definitions into the schema itself")
