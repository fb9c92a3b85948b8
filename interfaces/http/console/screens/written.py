"""How fields are written whose types are no plain lists: a line each of what they have, in the place of JSON. Read back they are what the route takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from domain.answers.variant import Variant
from domain.experiments.design import Design
from interfaces.http.channels.channels import TwilioIn
from interfaces.http.console.screens.controls import Control
from interfaces.http.console.screens.line_forms import (
    read_cases,
    read_dates,
    read_templates,
    read_tiers,
    write_cases,
    write_dates,
    write_templates,
    write_tiers,
)
from interfaces.http.console.screens.variants import read_arms, read_settings, write_arms, write_settings
from interfaces.http.learning.dataset_forms import CasesIn
from interfaces.http.models.price import CorrectionIn, PriceIn
from interfaces.http.shop.service import AvailabilityIn


class Written(NamedTuple):
    """`read`: from what the control gives to what the route takes; raises ValueError. `write`: the other way."""

    control: Control
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def _rows(*names: str, how: str) -> Control:
    return Control("rows", names, how)


TIERS = Written(
    _rows(
        "name",
        "input",
        "output",
        "cached",
        "cache_write",
        "above",
        how="What a prompt of more tokens costs stands in a line of its own, with that number at its end.",
    ),
    read_tiers,
    write_tiers,
)
WRITTEN: dict[tuple[type, str], Written] = {
    (AvailabilityIn, "exceptions"): Written(
        _rows(
            "date",
            "opens",
            "closes",
            how="A date without times is closed; several windows are several lines.",
        ),
        read_dates,
        write_dates,
    ),
    (TwilioIn, "templates"): Written(
        _rows(
            "name",
            "content",
            "language",
            "approved",
            how="Content is its Content SID; approved is yes or nothing.",
        ),
        read_templates,
        write_templates,
    ),
    (PriceIn, "service_tiers"): TIERS,
    (CorrectionIn, "service_tiers"): TIERS,
    (CasesIn, "cases"): Written(
        _rows(
            "message",
            "expected_answer",
            "intent",
            "category",
            "quality",
            "context",
            how="Context is what was said before, in quotes, a line each, as customer: Hello.",
        ),
        read_cases,
        write_cases,
    ),
    (Design, "arms"): Written(
        Control(
            "groups",
            (),
            "An arm a line: its name, its share, and what differs in it, with commas between, as terse, 50 %, tone: terse, model: openai/gpt-5-mini. "
            "prompts.NAME: text is a prompt; everything else is a field of the agent. The first arm is what the others are compared with.",
        ),
        read_arms,
        write_arms,
    ),
    (Variant, "configuration"): Written(
        Control(
            "pairs",
            (),
            "A field of the agent a line, as tone: terse; of several texts with a semicolon between.",
        ),
        read_settings,
        write_settings,
    ),
}
"""By the type and the name of its field."""


def written_of(body: type, name: str) -> Written | None:
    return next((WRITTEN[cls, name] for cls in body.__mro__ if (cls, name) in WRITTEN), None)
