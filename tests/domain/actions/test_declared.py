"""What a tenant may declare, what a model's arguments may be, and what goes out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actions.actions import MOST, Actions, check_declared
from domain.actions.declaration import Declaration
from domain.actions.requests import Customer, body_of, read_arguments, whole_arguments
from domain.actions.schema import closed, faults
from domain.actions.telling import LONGEST, question, told
from domain.base.errors import Invalid, NotFound, Refused

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
KINDS = frozenset({"order", "email"})
ARGUMENTS = {
    "type": "object",
    "properties": {"order": {"type": "string", "pattern": "^(a+)+$|^A"}, "payer": {"type": "string"}},
    "required": ["order", "payer"],
}
ANN = Customer(channel="http", address="ann", name=None, conversation=uuid4())


def declared(**more: Any) -> Declaration:
    given = {
        "description": "Refunds an order.",
        "effect": "write",
        "consent": "customer",
        "target": {"type": "http", "url": "https://shop.example.com/refund"},
        "arguments": ARGUMENTS,
        "bound": {"payer": "address"},
    }
    return msgspec.convert({**given, **more}, Declaration)


def nested(levels: int) -> dict[str, Any]:
    return {} if not levels else {"properties": {"a": nested(levels - 1)}}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"target": {"type": "http", "url": "https://a:b@x.example"}}, "authorization"),
        ({"target": {"type": "mcp", "url": "ftp://x", "tool": "t"}}, "address"),
        ({"arguments": {"type": "object", "properties": {"a": {"type": "objct"}}}}, "no JSON Schema"),
        ({"arguments": {"type": "object", "$ref": "file:///etc/passwd"}}, "points elsewhere"),
        ({"arguments": {"type": "object", "description": "x" * 20_001}}, "at most"),
        ({"arguments": {"type": "object", "properties": {"a": nested(70)}}}, "levels"),
        ({"bound": {"other": "address"}}, "does not have"),
        ({"confirm": {"en": "refund {ordr}"}}, "no such argument"),
        ({"rule": {"arguments": {"order": "order"}}}, "words or intents"),
        ({"rule": {"words": ["x"]}}, "must say what order"),
        ({"rule": {"words": ["x"], "arguments": {"order": "shoe"}}}, "kinds of entities"),
        ({"rule": {"words": ["x"], "arguments": {"order": "order", "payer": "email"}}}, "bound"),
        ({"consent": "none", "rule": {"words": ["x"], "arguments": {"order": "order"}}}, "rule alone"),
        ({"effect": "read", "counts_as": "booking"}, "counts_as"),
    ],
)
def test_what_can_not_be_declared_is_told_with_the_way_out(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        check_declared(declared(**wrong), KINDS)


def test_an_action_keeps_its_secret_until_it_is_rotated() -> None:
    actions = Actions.begin(uuid4(), NOW)
    for number, secret in enumerate((b"a" * 32, b"b" * 32)):
        more = {"description": f"version {number}"}
        actions.declare(
            "refund", declared(**more), secret=secret, authorization=b"Bearer x", kinds=KINDS, at=NOW
        )
    known = actions.action("refund")
    assert (known.secret, known.declared.description) == (b"a" * 32, "version 1")
    actions.rotate("refund", b"c" * 32, NOW)
    assert (actions.action("refund").secret, actions.action("refund").earlier) == (b"c" * 32, b"a" * 32)
    assert "Bearer" not in repr(actions.action("refund"))
    actions.withdraw("refund", NOW)
    with pytest.raises(NotFound):
        actions.action("refund")


def test_a_tenant_has_so_many() -> None:
    actions = Actions.begin(uuid4(), NOW)
    for number in range(MOST):
        actions.declare(f"a{number}", declared(), secret=b"s" * 32, authorization=None, kinds=KINDS, at=NOW)
    with pytest.raises(Refused, match="withdraw one"):
        actions.declare("more", declared(), secret=b"s" * 32, authorization=None, kinds=KINDS, at=NOW)


@pytest.mark.parametrize(
    "text",
    [
        '{"order": "A-1", "payer": "bert"}',
        '{"order": "A-1", "customer": "bert"}',
        '{"order": 3}',
        "[]",
        "{}",
        "nonsense",
        '{"order": "' + "a" * 30 + '!"}',
        '{"order": "' + "A" * 9000 + '"}',
        "[" * 5000,
    ],
)
def test_arguments_that_do_not_fit_or_name_the_customer_are_none(text: str) -> None:
    found = read_arguments(declared(), text)
    assert found.faults
    assert found.given == {}
    assert "bert" not in str(found.faults)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    )
)
def test_who_it_is_for_is_never_the_models_to_say(value: Any) -> None:
    text = json.dumps({"order": "A-1", **(value if isinstance(value, dict) else {"payer": value})})
    found = read_arguments(declared(), text)
    if not found.faults:
        assert set(found.given) == {"order"}
    assert whole_arguments(declared(), found.given, ANN)["payer"] == "ann"


def test_the_same_bytes_go_out_however_often_it_is_tried() -> None:
    call = uuid4()
    bodies = {body_of(call, "refund", {"b": 1, "a": {"d": 1, "c": 2}}, ANN, NOW) for _ in range(3)}
    (body,) = bodies
    assert json.loads(body)["data"]["customer"]["conversation"] == str(ANN.conversation)


def test_a_schema_without_what_is_bound_takes_nothing_else() -> None:
    left = closed(ARGUMENTS, {"payer": "address"})
    assert (left["required"], set(left["properties"])) == (["order"], {"order"})
    assert faults(left, {"order": "A", "payer": "x"}) == [
        "it does not fit its schema at additionalProperties"
    ]


def test_what_is_told_is_short_on_one_line_and_never_a_wording() -> None:
    action = declared(
        confirm={"en": "refund {order}", "de": "{order} erstatten"}, done={"en": "{order}: {state}"}
    )
    assert question("refund", action, "de", {"order": "A-1"}) == "A-1 erstatten"
    said = told(action, "fr", {"order": "A-1"}, {"state": "{order}\n" + "x" * 500})
    assert (said.startswith("A-1: {order} x"), len(said) <= LONGEST + 5, "\n" in said) == (True, True, False)
    assert question("refund", declared(), None, {"order": "A-1"}) == "Refunds an order\norder: A-1"
    assert told(declared(), None, {}, [1, 2]) == ""
