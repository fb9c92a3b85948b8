"""What has a shape of its own is written by lines: read back it is the same, and what can't be is told beside its field."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import Any

import msgspec
import pytest
from litestar.datastructures import FormMultiDict

import interfaces.http.console as console
from domain.answers.variant import Variant
from domain.base.errors import Invalid
from domain.experiments.design import Design
from interfaces.http.channels.channels import TwilioIn
from interfaces.http.console.screens.fields import fields_of_body
from interfaces.http.console.screens.reading import body_of
from interfaces.http.console.screens.screen import Screen
from interfaces.http.learning.dataset_forms import CasesIn
from interfaces.http.models.price import PriceIn
from interfaces.http.shop.service import AvailabilityIn

SCHEMAS = {"arguments", "result"}
"""JSON Schemas are JSON."""

SLOT = {"time_zone": "Europe/Vienna", "duration_minutes": "30"}
WINDOW = {"opens": "09:00", "closes": "12:00"}
EXAMPLES: list[tuple[type[msgspec.Struct], str, dict[str, str], str, Any]] = [
    (
        AvailabilityIn,
        "exceptions",
        SLOT,
        "2026-12-24, 09:00, 12:00\n2026-12-24, 13:00, 14:00\n2026-12-25",
        [
            {"date": "2026-12-24", "windows": [WINDOW, {"opens": "13:00", "closes": "14:00"}]},
            {"date": "2026-12-25", "windows": []},
        ],
    ),
    (
        TwilioIn,
        "templates",
        {},
        "hello, HX1, en, true\nbye, HX2, de, false",
        {
            "hello": {"content": "HX1", "language": "en", "approved": True},
            "bye": {"content": "HX2", "language": "de", "approved": False},
        },
    ),
    (
        PriceIn,
        "service_tiers",
        {"model": "openai/gpt-5", "input": "2", "output": "4"},
        "flex, 1, 2\nflex, 3, 4, , , 200000\npriority, 4, 8, 0.4",
        [
            {
                "name": "flex",
                "input": "1",
                "output": "2",
                "cached": None,
                "cache_write": None,
                "long_context": [
                    {"above": 200_000, "input": "3", "output": "4", "cached": None, "cache_write": None}
                ],
            },
            {
                "name": "priority",
                "input": "4",
                "output": "8",
                "cached": "0.4",
                "cache_write": None,
                "long_context": [],
            },
        ],
    ),
    (
        CasesIn,
        "cases",
        {},
        'Open?, "From nine, to five.", hours, , 4.0, "customer: Hello\nbusiness: Hi"',
        [
            {
                "message": "Open?",
                "expected_answer": "From nine, to five.",
                "context": [{"role": "user", "text": "Hello"}, {"role": "assistant", "text": "Hi"}],
                "intent": "hours",
                "category": None,
                "quality": 4.0,
            }
        ],
    ),
    (
        Design,
        "arms",
        {"name": "Tone"},
        'now, 0.5\nterse, 0.5, tone: terse, temperature: 0.2, "prompts.answer: Say, in short", model: openai/gpt-5',
        [
            {
                "name": "now",
                "share": 0.5,
                "variant": {"configuration": {}, "routing": None, "prompts": {}, "model": None},
            },
            {
                "name": "terse",
                "share": 0.5,
                "variant": {
                    "configuration": {"tone": "terse", "temperature": 0.2},
                    "routing": None,
                    "prompts": {"answer": "Say, in short"},
                    "model": "openai/gpt-5",
                },
            },
        ],
    ),
    (
        Variant,
        "configuration",
        {},
        "tone: terse\npersonality: kind; quick\nmax_answer_tokens: 90",
        {"tone": "terse", "personality": ["kind", "quick"], "max_answer_tokens": 90},
    ),
]


@pytest.mark.parametrize(
    ("body", "name", "others", "text", "value"), EXAMPLES, ids=lambda each: str(each)[:20]
)
def test_lines_are_read_and_written_alike(
    body: type[msgspec.Struct], name: str, others: dict[str, str], text: str, value: Any
) -> None:
    read = body_of(body, FormMultiDict({**others, name: text.replace("\n", "\r\n")}))
    assert msgspec.json.decode(msgspec.json.encode(getattr(read, name))) == value
    (field,) = (each for each in fields_of_body(body, read) if each.name == name)
    assert isinstance(field.value, str)
    assert body_of(body, FormMultiDict({**others, name: field.value})) == read
    assert field.value.replace(", false", "") == text.replace(", false", "")


@pytest.mark.parametrize(
    ("body", "name", "text", "told"),
    [
        (AvailabilityIn, "exceptions", "2026-12-24, 09:00", "no closes"),
        (AvailabilityIn, "exceptions", "tomorrow", "this is a date"),
        (TwilioIn, "templates", "hello, HX1", "no language"),
        (TwilioIn, "templates", "a, HX1, en\na, HX2, de", "twice"),
        (PriceIn, "service_tiers", "flex, 1, 2, , , 9", "above"),
        (PriceIn, "service_tiers", "flex, cheap, 2", "this is a number"),
        (CasesIn, "cases", "Open?, Yes, , , , who: me", "customer: or business:"),
        (CasesIn, "cases", "Open?, Yes, , , good", "this is a number"),
        (Design, "arms", "now", "no share"),
        (Design, "arms", "now, half %", "no number"),
        (Design, "arms", "now, 50 %, terse", "no colon"),
        (Design, "arms", "now, 50 %, temperature: hot", "this is a number"),
        (Variant, "configuration", "max_answer_tokens: 3", "at least 16"),
    ],
)
def test_what_is_wrong_with_a_line_stands_beside_its_field(
    body: type[msgspec.Struct], name: str, text: str, told: str
) -> None:
    with pytest.raises(Invalid) as refused:
        body_of(body, FormMultiDict({name: text}))
    errors = {
        each["field"].removeprefix("$.").partition("[")[0]: each["message"]
        for each in refused.value.facts["errors"]
    }  # type: ignore[attr-defined]
    assert told in errors[name]


def test_no_form_asks_for_json_but_for_schemas() -> None:
    found = {
        (screen.path, each.name)
        for module in pkgutil.walk_packages(console.__path__, f"{console.__name__}.")
        for screen in getattr(import_module(module.name), "SCREENS", ())
        if isinstance(screen, Screen)
        for form in screen.forms.values()
        if form.body is not None
        for each in fields_of_body(form.body, without=(*form.without, *form.fixed))
        if each.control.kind == "json"
    }
    assert {name for _, name in found} == SCHEMAS
