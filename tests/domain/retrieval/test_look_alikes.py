from __future__ import annotations

import pytest

from domain.retrieval.look_alikes import MARK, forms_in, wanted_in_scans
from domain.retrieval.terms import runs, terms_of

ENGLISH = frozenset({"en"})


def found_by(question: str, text: str, *, scanned: bool) -> bool:
    """Whether the question's only word is in a text."""
    indexed = f"{text}\n{forms_in(text)}" if scanned else text
    terms = {term for run in runs(indexed) for term in terms_of(run, "en")}
    first = next(word for word in wanted_in_scans(question, ENGLISH) if word.weight == 1)
    return not terms.isdisjoint(first.terms)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("AO-1023", "A0-1O23"),
        ("AO-1023", "AO-l023"),
        ("A-1001", "A-IOO1"),
        ("KL/2010", "K1/20l0"),
        ("4711001", "47IIOOl"),
        ("B-2345", "B-2345"),
    ],
)
def test_a_typed_order_number_finds_the_scanned_one_and_the_other_way_round(typed: str, read: str) -> None:
    assert found_by(typed, f"Tent {read} costs 9.90", scanned=True)
    assert found_by(read, f"Tent {typed} costs 9.90", scanned=True)


@pytest.mark.parametrize(
    ("typed", "written"), [("AO-1023", "A0-1O23"), ("A-1001", "A-IOO1"), ("1001", "IOO1")]
)
def test_in_a_text_that_nobody_guessed_they_are_two(typed: str, written: str) -> None:
    assert not found_by(typed, f"Tent {written} costs 9.90", scanned=False)


def test_another_number_is_another_number_in_a_scan_too() -> None:
    assert not found_by("B-1234-99", "Tent A-1234-99", scanned=True)
    assert not found_by("A-1024", "Tent A-1023", scanned=True)


def test_words_prices_and_dates_have_no_such_form() -> None:
    assert (
        forms_in("Oil lamps in Oslo cost 10.00 or 1.100,00 on 12.10.2026, see www.a10.com and 10 more") == ""
    )
    assert forms_in("Lamp L-100, lamp l-1OO") == f"{MARK}1100"


def test_a_question_without_order_numbers_is_as_it_was() -> None:
    (word,) = wanted_in_scans("lamps", ENGLISH)
    assert "lamps" in word.terms
    assert not any(MARK in term for term in word.terms)
