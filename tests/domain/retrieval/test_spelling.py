from __future__ import annotations

import pytest

from domain.retrieval.spelling import MOST, Vocabulary
from domain.retrieval.terms import Wanted, corrected, runs, words_of


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("waranty", ["warranty"]),
        ("warrnaty", ["warranty"]),  # neighbours changed over are one error
        ("wrarnaty", ["warranty"]),
        ("xxrranxy", []),
        ("warranty", []),  # a word itself
        ("from", []),
        ("fron", ["from", "iron"]),  # the same first letter first
        ("fo", []),
        ("cost", ["cast", "coat", "host"]),
        ("tent", []),
    ],
)
def test_the_nearest_words_are_meant(word: str, near: list[str]) -> None:
    words = ["warranty", "from", "iron", "coat", "cast", "host", "tents", "tent", "past"]
    assert Vocabulary(words).near(word) == near


def test_no_more_are_meant_than_may_be() -> None:
    assert len(Vocabulary(f"wor{letter}" for letter in "abcdefgh").near("worx")) == MOST


def test_words_are_those_without_figures_that_are_long_enough() -> None:
    text = "The Größe of A-1234-99, e-mail-address x9000 and 日本語 in cafés: https://shop.example/returns"
    words = [word for run in runs(text) for word in words_of(run)]
    assert words == ["grosse", "mail", "address", "cafes", "https", "shop", "example", "returns"]


def test_what_is_meant_perhaps_counts_less_in_any_of_its_forms() -> None:
    word = corrected(Wanted(("waranty",), weight=0.5), ["warranty", "warrants"], {"en"})
    assert word.weight < 0.5
    assert {"warranty", "warrants", "~en warranti", "~en warrant"} == set(word.terms)
    assert not word.typed
