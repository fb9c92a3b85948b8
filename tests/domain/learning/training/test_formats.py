"""What vendors refuse in a training file is told before they do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.feedback.exchange import Exchange
from domain.learning.training.formats import FORMATS, RULES, TOLD, Format, line_of, problems_in

GOOD = [line_of("openai", Exchange(message=f"q {n}", answer="a")) for n in range(10)]


def chat(*messages: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"messages": messages, **more}).encode()


def said(role: str, text: Any = "x", **more: Any) -> dict[str, Any]:
    return {"role": role, "content": text, **more}


def problems(form: Format, lines: list[bytes], *, validation: bool = False) -> list[str]:
    return problems_in(form, lines, validation=validation, tokens=lambda text: len(text.split()))


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_of_few_or_many_examples_is_told(form: Format) -> None:
    line = line_of(form, Exchange(message="q", answer="a"))
    assert problems(form, [line] * 10) == []
    assert ("too few" in str(problems(form, [line] * (RULES[form].least - 1)))) is (RULES[form].least > 0)
    assert problems(form, [line], validation=True) == []
    many = problems(form, [line] * 5_001, validation=True)
    assert many == (["5001 examples are too many; at most 5000 are taken"] if form == "vertex" else [])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "no JSON object"),
        (b"[]", "no JSON object"),
        (b"{}", "another form"),
        (chat(), "another form"),
        (chat(said("user"), said("assistant"), text="both"), "another form"),
        (chat(said("user"), said("function")), "another form"),
        (chat(said("user"), said("assistant", None)), "another form"),
        (chat(said("user"), said("assistant", weight=2)), "another form"),
        (chat(said("user"), said("assistant", " ")), "a text is empty"),
        (chat(said("assistant")), "begins with the customer"),
        (chat(said("system"), said("user")), "ends with the answer"),
        (chat(said("system")), "ends with the answer"),
        (chat(said("user"), said("user"), said("assistant")), "take turns"),
        (chat(said("user"), said("system"), said("assistant")), "a system text stands first"),
        (chat(said("user", "word " * 70_000), said("assistant")), "tokens"),
    ],
)
@pytest.mark.parametrize("form", ["openai", "together"])
def test_a_line_that_would_be_refused_is_told_with_its_number(form: Format, line: bytes, told: str) -> None:
    (problem,) = problems(form, [*GOOD, line])
    assert problem.startswith("line 11: ")
    assert told in problem


def test_vertex_has_a_form_of_its_own() -> None:
    good = line_of("vertex", Exchange(message="q", answer="a"), "s")
    assert problems("vertex", [good]) == []
    assert "another form" in str(problems("vertex", [GOOD[0]]))
    two = json.loads(good)
    two["contents"][0]["parts"].append({"text": "more"})
    assert problems("vertex", [json.dumps(two).encode()]) != []


def test_no_more_problems_are_told_than_somebody_reads() -> None:
    assert len(problems("openai", [b"{"] * 100)) == TOLD
