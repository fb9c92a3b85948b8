"""What a text is found by."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.retrieval.terms import LONGEST, MOST, Wanted, runs, terms_of, wanted


def terms(text: str, language: str | None = None) -> set[str]:
    return {term for run in runs(text) for term in terms_of(run, language)}


def has_all(question: str, text: str, language: str | None = None) -> bool:
    """Whether a text has each whole word of a question."""
    there = terms(text, language)
    words = wanted(question, [language] if language else [])
    return all(there & set(word.terms) for word in words if word.weight == 1)


@pytest.mark.parametrize(
    ("question", "text", "language"),
    [
        ("A-1234-99", "Bestellnummer: A\u20111234\u201399.", "de"),
        ("a1234-99", "(A-1234-99)", None),
        ("1234", "order A-1234-99", "en"),
        ("19,99", "nur 19.99 €", "de"),
        ("€19.99", "it costs EUR 19,99", "en"),
        ("1.299,00", "1\u202f299 €", "de"),
        ("1,299.00", "1299", None),
        ("1299", "1'299.-", None),
        ("12.03.2026", "am 12.03.2026", "de"),
        ("2026", "am 12.03.2026", "de"),
        ("https://www.shop.example/returns?x=1", "see http://shop.example/returns?x=1.", "en"),
        ("shop.example/returns", "https://shop.example/returns/", None),
        ("returns", "https://shop.example/returns/", None),
        ("Help@Shop.example", "mail <help@shop.example>", None),
        ("lieferungen", "die „Lieferung“", "de"),
        ("Bücher", "ein Buch", "de"),
        ("Groesse", "die Größe", "de"),
        ("GRÖSSE", "größe", None),
        ("cafe", "Cafe\u0301", None),
        ("email", "E-Mail", "en"),
        ("e-mail", "E\u2011Mail-Adresse", "en"),
        ("Freitag", "Montag–Freitag", "de"),
        ("l'hotel", "à l’hôtel", "fr"),
        ("don't", "don’t", "en"),
        ("Liefer\u00adzeit", "Lieferzeit", "de"),
        ("返品", "返品ポリシーについて", "ja"),
        ("हिन्दी", "यह हिन्दी है", "hi"),
        ("44", "sizes 42-44", "en"),
        ("00123", "No. 00123", None),
    ],
)
def test_words_are_found_as_they_are_typed(question: str, text: str, language: str | None) -> None:
    assert has_all(question, text, language)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("A-1234-99", "B-1234-99"),
        ("19.99", "1999"),
        ("19.99", "99"),
        ("shop.example/returns", "shop.example/repairs"),
        ("00123", "123"),
        ("हिन्दी", "हिन्दू"),
    ],
)
def test_what_only_looks_alike_is_not_taken_for_it(question: str, text: str) -> None:
    whole = wanted(question, [])[0]
    assert not terms(text) & set(whole.terms)


def test_a_typed_word_is_told_from_others_and_counts_as_a_whole() -> None:
    assert wanted("Where is A-1234-99?", ["en"]) == [
        Wanted(("a123499",), typed=True),
        Wanted(("where", "~en where")),
        Wanted(("1234",), 0.5),
        Wanted(("is", "~en is")),
        Wanted(("99",), 0.5),
        Wanted(("a", "~en a"), 0.5),
    ]


def test_a_number_with_one_separator_may_mean_two_values() -> None:
    assert wanted("1.299", []) == [Wanted(("1299", "1.299"), typed=True)]
    assert wanted("19.90", []) == [Wanted(("19.9",), typed=True)]
    assert wanted("0,50", []) == [Wanted(("0.5",), typed=True)]


def test_of_a_long_question_the_numbers_and_the_longest_words_are_looked_for() -> None:
    found = wanted(" ".join("word" + "x" * number for number in range(60)) + " 4711", [])
    assert len(found) == MOST
    assert found[0] == Wanted(("4711",), typed=True)


@settings(max_examples=200)
@given(st.text(max_size=80))
@example("\u0300")  # an accent on nothing
def test_any_text_is_found_by_itself_in_every_normal_form(text: str) -> None:
    for form in (text, unicodedata.normalize("NFD", text), unicodedata.normalize("NFC", text)):
        assert has_all(form, text, "de")
    assert all(0 < len(term) <= LONGEST + 4 for term in terms(text))
