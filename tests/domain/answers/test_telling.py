from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.answers.telling import LONGEST, Telling, told
from domain.retrieval.markers import MARKER, NUMBER, canonical, without_markers

SHOP = (
    "Returns are free within 14 days. Shipping costs 5,99 €, express 1.299,00. Since 29.11.2026.",
    "Open from 9:00 to 18:30; 30 items in stock.",
    "Le délai est de vingt jours.",
)

WRITTEN = st.one_of(
    st.text(alphabet="ab [](]12\n.", max_size=6),
    st.sampled_from(
        [
            "[1]",
            " [2]",
            "[1, 2]",
            "[1-3]",
            "【1】",
            "【2†source】",
            "[^1]",
            ". ",
            "! ",
            "。",
            ".\n",
            "\n\n",
            "…  ",
        ]
    ),
    st.sampled_from([" z. B. ", " am 3. Mai", "1. ", "- ", "| 12 |", '."', "**", "   ", " x" * 30, "[12"]),
)


@settings(max_examples=400)
@given(st.lists(WRITTEN, max_size=40), st.one_of(st.none(), st.integers(0, 3)), st.randoms())
def test_in_whatever_pieces_an_answer_comes_the_text_that_is_told_is_the_same(
    written: list[str], markers: int | None, draw: random.Random
) -> None:
    sources = None if markers is None else ("1 and 12", "2", "3")[:markers]
    text = "".join(written)
    cuts = sorted(draw.randint(0, len(text)) for _ in range(draw.randint(0, 12)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    for parts in (pieces, list(text)):
        telling = Telling(sources)
        streamed = [telling.take(piece) for piece in parts]
        assert "".join([*streamed, telling.end()]) == told(text, sources)
    assert told(text, None) == text.strip()


@given(st.text(alphabet="ab [](]12\n.", max_size=40))
def test_nothing_goes_of_a_text_but_markers(text: str) -> None:
    assert told(f"a{text}b", ()) == without_markers(canonical(f"a{text}b"))
    shown = told(text, ("1 2 12 21 11 22", "1 2 12 21 11 22"))
    assert re.sub(r"\s", "", NUMBER.sub("", shown)) == re.sub(r"\s", "", NUMBER.sub("", canonical(text)))


def test_pieces_are_told_as_soon_as_it_is_known_what_they_are() -> None:
    telling = Telling(["open 5"])
    pieces = (" Yes", ".", " It", " is", " 5", " [", "1", "]", ".", " ", "So", " be", " it")
    assert [telling.take(piece) for piece in pieces] == [
        *("Yes", ".", " It", " is", " 5", "", "", "", "", ""),
        " [1]. So",  # what a marker speaks for is known at the end of its sentence
        *(" be", " it"),
    ]
    assert telling.end() == ""


def test_an_answer_that_shows_no_citations_is_not_held_back() -> None:
    telling = Telling([])
    pieces = ("It [1]", " is", " 5 [", "1] and", " [2]", " fine.")
    assert [telling.take(piece) for piece in pieces] == ["It", " is", " 5", " and", "", " fine."]


def test_no_sentence_is_held_back_for_long() -> None:
    telling = Telling(["open"])
    telling.take("It is so [1] ")
    told_by_then = "".join([telling.take("and so ") for _ in range(LONGEST)])
    assert told_by_then.startswith(" [1] and so and so")
    assert len(told_by_then) > 5 * LONGEST


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("You have 14 days [1].", None),
        ("You have 15 days [1].", "You have 15 days."),
        ("You have fourteen days [1].", None),
        ("You have fifteen working days [1].", "You have fifteen working days."),
        ("Two ways to pay, one of them cash [1].", None),
        ("Vous avez 20 jours [3].", None),
        ("Shipping is 5.99 € [1], we open at 9 [2].", None),
        ("It costs 1,299 [1]! And 1299.00 EUR [1].", None),
        ("It costs 1,29 [1].", "It costs 1,29."),
        ("We close at 6.30 pm [2].", None),
        ("We close at 5.30 pm [2].", "We close at 5.30 pm."),
        ("Since 29 November 2026 [1]", None),
        ("Since 2026-11-29 [1]", None),
        ("Since 28 November 2026 [1]", "Since 28 November 2026"),
        ("No figure at all [2].", None),
        # Side by side they speak together.
        ("14 days, and 30 items [1][2].", None),
        ("14 days, and 31 items [1] [2].", "14 days, and 31 items."),
        # What lost its marker would seem to be said by the next one, or the last one.
        ("Shipping is 4.99 € [1], we open at 9 [2].", "Shipping is 4.99 €, we open at 9."),
        ("We open at 9 [2], shipping is 4.99 € [1].", "We open at 9, shipping is 4.99 €."),
        ("They are free [1] within 15 days.", "They are free within 15 days."),
        ("It takes 30 days [7], we open at 9 [2].", "It takes 30 days, we open at 9 [2]."),
        ("It takes 14 days [7], we open at 9 [2].", "It takes 14 days, we open at 9."),
        # Swapped.
        ("You have 14 days [2]. We have 30 items [1].", "You have 14 days. We have 30 items."),
        # Behind the full stop; in whichever script.
        ("You have 14 days. [1] We close at 18:30. [2]", None),
        ("You have 14 days.[1] We close at 18:30.[2]", None),
        ("You have 41 days. [1] We close at 18.30. [2]", "You have 41 days. We close at 18.30. [2]"),
        ("You have 41 days.\n[1]\nWe close at 18.30.\n[2]", "You have 41 days.\nWe close at 18.30.\n[2]"),
        ("退货期为14天。[1]营业到18:30。[2]", None),
        ("退货期为41天。[1]营业到18:30。[2]", "退货期为41天。营业到18:30。[2]"),
        # Before what they speak for.
        ("[1] says 14 days. [2] says 30 items.", None),
        ("[1] says 30 days. [2] says 30 items.", "says 30 days. [2] says 30 items."),
        # In lists and tables, whose numbers claim nothing.
        ("- 15 days [1]\n- 30 items [2]", "- 15 days\n- 30 items [2]"),
        ("7. 14 days [1]\n8. **30 items** [2]", None),
        ("| days | 14 [1] |\n| items | 31 [2] |", "| days | 14 [1] |\n| items | 31 |"),
        # No sentence ends in the middle of a date, or at an abbreviation.
        ("Ab dem 28. November 2026 ist z. B. Versand frei [1].", "Ab dem 28. November 2026 ist z. B. Versand frei."),
        ("Ab dem 29. November 2026 ist z. B. Versand frei [1].", None),
        # In whatever form a model writes them.
        ("14 days, 30 items [1, 2].", "14 days, 30 items [1][2]."),
        ("14 days, 31 items [1,2].", "14 days, 31 items."),
        ("14 days, 30 items, 20 [1-3].", "14 days, 30 items, 20 [1][2][3]."),
        ("14 days 【1】, 30 items 【2†source】, free [^1].", "14 days [1], 30 items [2], free [1]."),
        ("Nowhere [0][4][999].", "Nowhere."),
        ("[1]", ""),
        ("No [x], no [1234], no [.", None),
    ],
)  # fmt: skip
def test_a_figure_that_its_passage_does_not_have_takes_a_sentences_citation_away(
    text: str, shown: str | None
) -> None:
    assert told(text, SHOP) == (text if shown is None else shown)


def test_a_long_answer_full_of_markers_is_told_in_time_that_grows_with_it() -> None:
    text = "5 [1] 6 [2] " * 20_000
    assert len(MARKER.findall(told(text, ("5", "6")))) == 40_000
