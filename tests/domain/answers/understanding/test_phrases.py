"""Word lists are found as they are written, in one form of each word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answers.understanding.phrases import GAP, Phrases, Tables
from domain.answers.understanding.tokens import tokens


def found(entry: str, text: str) -> bool:
    return bool(Phrases({"it": [entry]}).find(tokens(text).words))


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("can not", "I CAN NOT go"),
        ("cancel*", "cancellation please"),
        ("[please] wait", "wait"),
        ("[please] wait", "please wait"),
        ("(a|an|the [very] last) agent", "the very last agent"),
        ("(a|an|the [very] last) agent", "an agent"),
        ("talk ~ agent", "talk to a real agent"),
        ("talk ~ agent", "talk agent"),
        ("don't", "dont"),
        ("dont", "don’t"),
        ("schon", "SCHÖN"),
        ("zolty", "żółty"),
        ("fur (das|die)", "für die"),
    ],
)
def test_an_entry_is_found(entry: str, text: str) -> None:
    assert found(entry, text)


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("can not", "can"),
        ("cancel*", "can cel"),
        ("(a|an) agent", "the agent"),
        ("talk ~ agent", "talk to one of the many agent"),
        ("agent", "agents"),
    ],
)
def test_what_is_not_there_is_not_found(entry: str, text: str) -> None:
    assert not found(entry, text)


@pytest.mark.parametrize("entry", ["", "(a|", "a|b)", "()", "(a|)", "[]", "a)"])
def test_an_entry_that_is_none_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="word list"):
        Phrases({"it": [entry]})


def test_of_a_label_the_longest_is_found_and_all_labels_are() -> None:
    phrases = Phrases({"a": ["new", "new york"], "b": ["york"]})
    assert [(each.label, each.first, each.last) for each in phrases.find(["new", "york"])] == [
        ("a", 0, 2),
        ("b", 1, 2),
    ]


def test_a_known_language_has_its_own_entries_and_an_unknown_one_all() -> None:
    tables = Tables({"joins": {"pl": ["i"], "en": ["and"]}})
    assert not tables.of("en").find(["i"])
    assert tables.of("pl").find(["i"])
    assert tables.of(None).find(["i"])
    assert tables.of("xx").find(["and"])


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=12))
def test_a_gap_is_as_long_as_it_says(words: list[str]) -> None:
    wanted = any(
        words[first] == "a" and "b" in words[first + 1 : first + 2 + GAP] for first in range(len(words))
    )
    assert bool(Phrases({"it": ["a ~ b"]}).find(words)) == wanted
