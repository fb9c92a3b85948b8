from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.conversations.parts import spans

WORDS = st.sampled_from(
    ["a", "Mr.", "shoe", "😀", "👩‍👩‍👧", "é", "e\u0301", "\n", "\n\n", "End.", "Why?", "漢字。", "🇩🇪", " "]
)


def in_parts(text: str, most: int) -> tuple[str, ...]:
    return tuple(text[begin:end] for begin, end in spans(text, most))


def bare(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=300, deadline=None)
@given(
    st.lists(WORDS, max_size=60).map(" ".join) | st.lists(WORDS, max_size=40).map("".join), st.integers(2, 40)
)
def test_every_part_fits_and_nothing_is_lost(text: str, most: int) -> None:
    parts = in_parts(text, most)
    assert all(part.strip() == part != "" for part in parts)
    assert all(len(part.encode("utf-16-le")) // 2 <= most for part in parts)
    assert bare("".join(parts)) == bare(text)


def test_a_short_text_is_one_part_as_it_is() -> None:
    assert in_parts("One.\n\n Two. ", 1600) == ("One.\n\n Two.",)
    assert in_parts("  ", 1600) == ()


def test_it_is_cut_after_a_sentence() -> None:
    text = "We open at nine. We close at five. On Sundays we are closed."
    assert in_parts(text, 40) == ("We open at nine. We close at five.", "On Sundays we are closed.")


def test_it_is_cut_after_a_line_sooner_than_within_a_sentence() -> None:
    assert in_parts("- red shoes\n- blue shoes with laces", 25) == ("- red shoes", "- blue shoes with laces")


def test_a_long_sentence_is_cut_between_words_and_a_long_word_between_characters() -> None:
    assert in_parts("one two three four", 9) == ("one two", "three", "four")
    assert in_parts("abcdefgh", 3) == ("abc", "def", "gh")
    assert in_parts("ab🇩🇪🇫🇷", 6) == ("ab🇩🇪", "🇫🇷")
    assert in_parts("e\u0301" * 3, 3) == ("e\u0301", "e\u0301", "e\u0301")
