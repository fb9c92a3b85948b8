"""The language of a message, and how a customer is told in it that a machine answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.agents.agent import AgentConfiguration
from domain.agents.disclosures import DISCLOSURES, ENGLISH
from domain.base.language import DETECTS, language_of

needs_detector = pytest.mark.skipif(not DETECTS, reason="there is no detector for this system")
SAID = {
    "When are you open on Saturday?": "en",
    "Wann haben Sie am Samstag geöffnet?": "de",
    "¿Cuándo abren los sábados?": "es",
    "Quand êtes-vous ouverts le samedi ?": "fr",
    "Quando siete aperti il sabato?": "it",
    "Kan jag lämna tillbaka skorna?": "sv",
    "営業時間は何時ですか？": "ja",
    "Когда вы открыты в субботу?": "ru",
    "متى تفتحون يوم السبت؟": "ar",
}


@needs_detector
@pytest.mark.parametrize(("text", "language"), SAID.items())
def test_a_message_tells_its_language(text: str, language: str) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("text", ["", "Hola", "ok", "Danke!", "12345 ???", "🙂🙂", "はい"])
def test_one_word_never_tells_it(text: str) -> None:
    assert language_of(text) is None


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    found = language_of(text)
    assert found is None or len(found) == 2


@given(st.text(st.characters(categories=["Cs", "Cc", "Lu"])))
def test_halves_of_characters_and_controls_are_borne(text: str) -> None:
    language_of(f"{text} {text}")


def test_as_it_is_it_is_said_in_the_customers_language() -> None:
    new = AgentConfiguration()
    assert new.disclosure_in("de") == DISCLOSURES["de"]
    assert new.disclosure_in("sq") == new.disclosure_in(None) == ENGLISH


def test_the_tenants_words_count_before_ours() -> None:
    worded = AgentConfiguration(disclosure="Beep.", disclosures={"de": "Piep."})
    assert worded.disclosure_in("de") == "Piep."
    assert worded.disclosure_in("fr") == worded.disclosure_in("en") == worded.disclosure_in(None) == "Beep."
    assert AgentConfiguration(disclosures={"de": "Piep."}).disclosure_in("fr") == DISCLOSURES["fr"]


@needs_detector
def test_each_text_of_ours_is_in_its_language() -> None:
    for language, text in DISCLOSURES.items():
        assert language_of(f"{text} {text}") in (language, None), text
