"""A question that goes on from what was said before is looked for with that."""

from __future__ import annotations

import pytest

from domain.answers.understanding.following import LONGEST, goes_on_from
from domain.models.completion import Turn


def said(*texts: str) -> tuple[Turn, ...]:
    """A customer's and ours in turn."""
    roles = ("user", "assistant")
    return tuple(Turn(role=roles[n % 2], text=text) for n, text in enumerate(texts))  # type: ignore[arg-type]


MUGS = "Do you have the trekking pole Alpha in stock?"


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "How much is it?"),
        ("en", "And in red?"),
        ("en", "Can I wash it at 60 degrees?"),
        ("en", "How much?"),
        ("de", "Was kostet er denn?"),
        ("de", "Und wie lange hält er?"),
        ("fr", "Combien ça coûte ?"),
        ("es", "¿Cuánto cuesta ese modelo?"),
        ("it", "Quanto costa questo modello?"),
        ("pt", "Quanto custa esse produto?"),
        ("nl", "Hoeveel kost deze dan precies?"),
        ("pl", "Ile to teraz kosztuje?"),
        ("tr", "Bunun fiyatı ne kadar?"),
        ("ru", "Сколько он сейчас стоит?"),
        ("ar", "كم سعر هذا المنتج؟"),
        (None, "Is that one waterproof?"),
    ],
)
def test_what_points_back_means_the_question_before(language: str | None, question: str) -> None:
    assert goes_on_from([question], said(MUGS, "Yes."), language) == MUGS


def test_of_several_that_go_on_all_mean_the_one_that_says_it() -> None:
    history = said(MUGS, "Yes.", "How much is it?", "49 euros.", "And in red?", "No.")
    assert goes_on_from(["Is it light?"], history, "en") == MUGS


@pytest.mark.parametrize(
    "question",
    [
        "What does the folding chair Bravo cost with delivery to Norway?",
        "I want to send back the shoes that I ordered last week, since it is the wrong size for me.",
        "When are your shops in Hamburg open on Sundays?",
    ],
)
def test_what_says_it_itself_is_left_alone(question: str) -> None:
    assert goes_on_from([question], said(MUGS, "Yes."), "en") is None


def test_an_entry_of_our_list_is_what_its_place_says() -> None:
    history = said("Which poles are there?", "We have\n1. Alpha, light\n2. Bravo, folding")
    assert goes_on_from(["Is the second one in stock?"], history, "en") == "Bravo, folding"


def test_with_nothing_before_there_is_nothing_to_go_on_from() -> None:
    assert goes_on_from(["How much is it?"], (), "en") is None
    assert goes_on_from(["How much is it?"], said("Hi", "Hello!"), "en") is None


def test_what_is_long_is_cut() -> None:
    before = "poles " * 1000
    assert goes_on_from(["How much is it?"], said(before, "Well."), "en") == before[:LONGEST]
