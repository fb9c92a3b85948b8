"""An answer that asks to choose gets buttons or a list; what only tells stays a text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conversations.fitting import covers, fitting
from domain.conversations.forms import as_text
from domain.conversations.rich import Choices, Option, QuickReplies

COLOURS = "We have three colours [1]. Which one do you want?\n\n1. Red [2]\n2. **Blue**\n3. Green"


def test_a_question_with_up_to_three_short_answers_gets_buttons() -> None:
    assert fitting(COLOURS) == QuickReplies(
        body="We have three colours. Which one do you want?",
        options=(Option(title="Red"), Option(title="Blue"), Option(title="Green")),
    )


def test_more_of_them_and_what_is_described_get_a_list_in_the_customers_language() -> None:
    text = "Welche Größe soll der Schuh haben, den Sie bestellen möchten?\n- S – 36 bis 38\n- M – 40\n- L: 42 bis 44\n- XL"
    form = fitting(text)
    assert isinstance(form, Choices)
    assert form.button == "Auswählen"
    assert [(option.title, option.description) for option in form.options] == [
        ("S", "36 bis 38"),
        ("M", "40"),
        ("L", "42 bis 44"),
        ("XL", None),
    ]


def test_the_question_may_come_after_the_list() -> None:
    form = fitting("These are free:\n• Monday\n• Tuesday\nWhich day suits you?")
    assert isinstance(form, QuickReplies)
    assert form.body == "These are free:\n\nWhich day suits you?"


@pytest.mark.parametrize(
    "text",
    [
        "We open:\n- Monday: 9 to 5\n- Tuesday: 9 to 5",
        "Which one?\n- only this",
        "Which one?\n- A title that is longer than a row of a list may be\n- short",
        "- Red\n- Blue\nWhich one?"[:12],
        "Which one?\n- Red\nor\n- Blue",
        "Which one?\n" + "\n".join(f"- {n}" for n in range(11)),
        "Which one?\n- Red\n- Red",
        "Is this all?",
        "",
    ],
)
def test_what_only_tells_or_does_not_fit_stays_a_text(text: str) -> None:
    assert fitting(text) is None


def test_a_form_covers_the_text_that_it_was_made_of_and_no_other() -> None:
    form = fitting(COLOURS)
    assert form is not None
    assert covers(form, COLOURS)
    assert not covers(form, COLOURS + "\n\nThey cost 30 euros.")


@pytest.mark.parametrize(
    "text",
    [
        "👍👍",
        "€",
        "?!",
        "20 %",
        "Which one do you want? 😀",
        "You do want one.",
        "colours",
        "Red, Blue + Green",
    ],
)
def test_a_form_covers_no_signs_that_it_has_not_and_no_words_in_another_order(text: str) -> None:
    form = QuickReplies(
        body="We have 20 shoes. Which one do you want?", options=(Option(title="Red"), Option(title="Blue"))
    )
    assert not covers(form, text)
    assert covers(form, f"{form.body}\n- **Red**\n- Blue;")


LINES = st.lists(
    st.sampled_from(["- Red", "2. Blue", "Which one?", "We have two.", "", "* Green: like grass", "x [1]"]),
    max_size=10,
)


@settings(max_examples=300, deadline=None)
@given(LINES)
def test_no_form_is_refused_or_leaves_a_word_out(lines: list[str]) -> None:
    text = "\n".join(lines)
    form = fitting(text)
    if form is not None:
        assert form.problem() is None
        assert covers(form, text), as_text(form)
