"""What customers write is understood by rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answers.understanding import Business, understand
from domain.answers.understanding.words.topics import ORDER, TOPICS, URGENCY
from domain.models.completion import Turn

BUSINESS = Business()


def names(*messages: str) -> list[str]:
    return [intent.name for intent in understand(messages, business=BUSINESS).intents]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hi, where is my order 4711? And can I return the shoes?", ["order_status", "return"]),
        ("cancel my order and give me a refund", ["cancellation", "refund"]),
        ("What are your opening hours?", ["opening_hours"]),
        ("Wo ist meine Bestellung und wann habt ihr offen?", ["order_status", "opening_hours"]),
        ("My card was stolen. What should I do?", ["fraud"]),
        ("thanks!", ["thanks"]),
        ("I want to talk to a human", ["person"]),
        ("¿Dónde está mi pedido?", ["order_status"]),
        ("Quels sont vos horaires ?", ["opening_hours"]),
    ],
)
def test_what_is_wanted_is_named(text: str, wanted: list[str]) -> None:
    assert names(text) == wanted


def test_the_messages_of_a_burst_are_understood_together() -> None:
    assert names("Hello", "when do you open?", "and where is my parcel?") == ["order_status", "opening_hours"]


def test_the_most_urgent_comes_first() -> None:
    assert names("What are your opening hours?", "My card was stolen!")[0] == "fraud"


def test_what_is_said_to_be_urgent_is_more_so() -> None:
    plain = understand(["cancel my order"], business=BUSINESS).intents[0]
    urgent = understand(["cancel my order immediately"], business=BUSINESS).intents[0]
    assert urgent.urgency > plain.urgency


def test_a_word_or_two_have_the_language_of_what_was_said_before() -> None:
    history = [
        Turn(role="user", text="Wann haben Sie am Samstag geöffnet?"),
        Turn(role="assistant", text="Um 9."),
    ]
    assert understand(["Danke"], history, business=BUSINESS).language == "de"


def test_every_name_has_an_urgency_and_a_place() -> None:
    assert set(TOPICS) < set(ORDER)
    assert set(ORDER) == set(URGENCY)


@given(st.lists(st.text(max_size=200), min_size=1, max_size=4))
def test_no_text_is_too_odd(messages: list[str]) -> None:
    found = understand(messages, business=BUSINESS)
    assert 0 <= found.wants_person <= 1
    assert all(0 <= intent.urgency <= 1 and 0 <= intent.confidence <= 1 for intent in found.intents)
    assert found == understand(messages, business=BUSINESS)
