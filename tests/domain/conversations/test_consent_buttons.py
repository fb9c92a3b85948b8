"""A yes and a no under a question for the customer's consent are read as what they say, in every language."""

from __future__ import annotations

import pytest

from domain.answers.replies import answer_in
from domain.conversations.suggested import YES_NO, consent_buttons


@pytest.mark.parametrize("language", [*YES_NO, None, "ja"])
def test_what_is_pressed_is_understood(language: str | None) -> None:
    form = consent_buttons("Shall I?", language)
    assert form is not None
    assert [answer_in(option.title) for option in form.options] == [("yes", ""), ("no", "")]


def test_a_question_too_long_for_buttons_is_asked_by_text() -> None:
    assert consent_buttons("x" * 2000, "en") is None
