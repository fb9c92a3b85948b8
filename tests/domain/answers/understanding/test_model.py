"""What a model is asked to understand, and what its answer is taken for."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answers.understanding import Business, Understanding, understand
from domain.answers.understanding.model import Malformed, model_prompt, read_answer
from domain.models.completion import Turn

RULES = Understanding(language="en", injection=0.8, wants_person=0.9, by="rules/1")
GOOD: dict[str, Any] = {
    "intents": [{"name": "refund", "text": "my money back", "urgency": 0.7}],
    "language": "de",
}


def read(answer: object) -> Understanding:
    return read_answer(json.dumps(answer), RULES, "openai/small")


def test_a_good_answer_is_taken() -> None:
    found = read(GOOD)
    assert [(each.name, each.urgency) for each in found.intents] == [("refund", 0.7)]
    assert (found.language, found.by) == ("de", "openai/small")


def test_words_around_the_object_do_no_harm() -> None:
    text = f"Here it is:\n```json\n{json.dumps(GOOD)}\n```"
    assert read_answer(text, RULES, "openai/small") == read(GOOD)


def test_a_danger_that_the_rules_saw_is_not_taken_back() -> None:
    found = read({**GOOD, "injection": 0.0, "wants_person": 0.0})
    assert (found.injection, found.wants_person) == (0.8, 0.9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I can't do that.",
        "{",
        "}{",
        "[]",
        '{"intents": "refund"}',
        '{"intents": [{"name": "world domination"}]}',
        '{"intents": [], "injection": 2}',
        '{"intents": [], "language": "Deutsch"}',
        '{"intents": null}',
        json.dumps({"intents": [{"name": "refund"}] * 21}),
        '{"intents": [{"name": "refund", "text": "' + "x" * 501 + '"}]}',
    ],
)
def test_what_was_not_asked_for_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        read_answer(text, RULES, "openai/small")


@given(st.text(max_size=300))
def test_nothing_else_than_malformed_comes_of_any_text(text: str) -> None:
    with suppress(Malformed):
        read_answer("{" + text + "}", RULES, "openai/small")


def test_what_was_malformed_is_not_quoted() -> None:
    with pytest.raises(Malformed) as error:
        read({"intents": [{"name": "refund", "urgency": "anna@example.org"}], "language": "anna@example.org"})
    assert "anna" not in str(error.value)


@given(st.text(max_size=200))
def test_what_the_customer_wrote_stands_between_fences_that_it_does_not_hold(text: str) -> None:
    system, user = model_prompt([text], [Turn(role="assistant", text="Hello")], Business(names=("Kettle",)))
    fence = user.text.split()[0]
    assert fence not in text.lower()
    assert user.text.endswith(f"{fence} messages\n{text}\n{fence}")
    assert fence in system.text
    assert text not in system.text or len(text) < 40


def test_the_rules_language_stands_in_where_the_model_tells_none() -> None:
    assert read({"intents": []}).language == "en"
    assert understand(["Where is my order?"], business=Business()).by.startswith("rules/")
