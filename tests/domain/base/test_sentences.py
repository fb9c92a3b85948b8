from __future__ import annotations

import pytest

from domain.base.sentences import is_heading, is_question, paragraphs, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("It costs 60. Express costs 12.50 euros.", ["It costs 60.", "Express costs 12.50 euros."]),
        ("1. When do you open? At nine.", ["1. When do you open?", "At nine."]),
        ("It takes approx. 5 days. Ask Dr. Smith.", ["It takes approx. 5 days.", "Ask Dr. Smith."]),
        ("Write to J. Doe. He answers, e.g. Mondays.", ["Write to J. Doe.", "He answers, e.g. Mondays."]),
        ("返品は三十日以内です。送料は五百円。", ["返品は三十日以内です。", "送料は五百円。"]),
        ("Wir öffnen um 9. Übrigens: außer sonntags.", ["Wir öffnen um 9.", "Übrigens: außer sonntags."]),
        ("see www.example.com for it", ["see www.example.com for it"]),
        ("   ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_headings_are_told_from_sentences() -> None:
    assert all(map(is_heading, ["Returns policy", "2.1 Deposits", "## Rental terms", "Größen"]))
    assert not any(
        map(is_heading, ["We are open.", "and so on", "Dear customer,", "x" * 80, "What now?", ""])
    )


def test_questions_are_told_by_their_mark_and_their_beginning() -> None:
    assert all(map(is_question, ["1. When is it?", "Q: when?", "¿Cuánto cuesta?", "How much?"]))
    assert not any(map(is_question, ["It is.", "?", ""]))


def test_lines_of_a_paragraph_are_joined_and_questions_stand_alone() -> None:
    text = "Title of it\nThe first line\nends here.\nHow so?\nBecause of\nthat.\n\n- one\n- two"
    assert list(paragraphs(text)) == [
        "Title of it",
        "The first line ends here.",
        "How so?",
        "Because of that.",
        "- one",
        "- two",
    ]


def test_a_short_japanese_sentence_is_no_heading() -> None:
    assert is_heading("営業時間")
    assert not is_heading("配送は3日間かかります。")
