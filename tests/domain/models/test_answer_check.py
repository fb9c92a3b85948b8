"""Answers held against the form that was asked for, and schemas that would make too much work."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.base.errors import Invalid
from domain.models import schema_bounds
from domain.models.answer_check import _checker, check_format, misfit
from domain.models.answer_format import AnswerFormat
from domain.models.schema_checking import made

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
TREE = {
    "$defs": {
        "tree": {
            "type": "object",
            "properties": {"leaves": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
        }
    },
    "$ref": "#/$defs/tree",
}
TWICE = {"$defs": {"t": {"properties": {"a": {"allOf": [{"$ref": "#/$defs/t"}] * 2}}}}, "$ref": "#/$defs/t"}
DECIMAL = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"
"""As pydantic writes it for decimals."""


def form(schema: dict[str, Any]) -> AnswerFormat:
    return AnswerFormat(type="json_schema", schema=json.dumps(schema))


@pytest.mark.parametrize(
    ("asked", "text", "told"),
    [
        (AnswerFormat(type="json_object"), '{"a": 1}', None),
        (AnswerFormat(type="json_object"), "[1]", "the answer is no JSON object"),
        (AnswerFormat(type="json_object"), "Sure: {}", "the answer is no JSON"),
        (AnswerFormat(type="json_object"), "[" * 100_000, "the answer is no JSON"),
        (form(CITY), '{"city": "Oslo", "degrees": 3}', None),
        (
            form(CITY),
            '{"city": "Oslo", "secret": 3}',
            "the answer does not fit its schema at additionalProperties",
        ),
        (form(CITY), '{"degrees": "many"}', "the answer does not fit its schema at properties/degrees/type"),
        (form(TREE), '{"leaves": [{"leaves": []}]}', None),
        (form({"pattern": DECIMAL}), '"1.5"', None),
        (
            form({"patternProperties": {"(?=a)": {"type": "string"}}, "additionalProperties": False}),
            '{"a": 1}',
            None,
        ),
    ],
)
def test_an_answer_fits_or_is_told_why_not(asked: AnswerFormat, text: str, told: str | None) -> None:
    check_format(asked)
    assert misfit(asked, text) == told


def test_patterns_are_matched_by_the_linear_engine() -> None:
    """Which knows no look-around and no back references."""
    for pattern in ("(?=a)", r"(a)\1"):
        with pytest.raises(ValueError, match="pattern|regex"):
            made({"pattern": pattern})


def test_what_comes_back_to_itself_twice_is_looked_at_as_deep_as_it_can_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schema_bounds, "MOST_LOOKS", 32)
    _checker.cache_clear()
    assert "more than 5 levels" in (misfit(form(TWICE), '{"a":' * 7 + "{}" + "}" * 7) or "")
    assert misfit(form(TWICE), '{"a": {"a": {}}}') is None
    assert misfit(form(TREE), '{"leaves":[' * 40 + "]}" * 40) is None
    _checker.cache_clear()


def unfolding(levels: int) -> dict[str, Any]:
    defs: dict[str, Any] = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return {"$defs": {**defs, f"d{levels}": {}}, "$ref": "#/$defs/d0"}


def nested(levels: int) -> dict[str, Any]:
    return {} if not levels else {"properties": {"a": nested(levels - 1)}}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (unfolding(6), "unfold to too much"),
        (nested(100), "levels"),
        ({"properties": {str(n): {} for n in range(6_000)}}, "parts"),
        ({"$ref": "https://example.com/schema"}, "points elsewhere"),
        ({"$ref": "#/$defs/missing"}, "points at nothing"),
        ({"$dynamicRef": "#a"}, "dynamicRef"),
        ({"type": "objekt"}, "no JSON Schema"),
        ({"pattern": "x" * 200_000}, "KiB"),
    ],
)
def test_a_schema_that_can_not_be_held_is_refused(
    schema: dict[str, Any], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_bounds, "MOST_UNFOLDED", 50)
    with pytest.raises(Invalid, match=told):
        check_format(form(schema))
