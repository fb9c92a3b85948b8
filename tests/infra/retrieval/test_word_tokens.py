from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infra.retrieval import word_tokens
from infra.retrieval.word_tokens import SPACE, WordTokens, is_by_words
from infra.retrieval.word_vectors import tokenizer

TOKENIZER = tokenizer()
TOKENS = WordTokens(TOKENIZER)
WORDS = st.sampled_from(
    ["Delivery", "19,99", "€", "Grüße", "営業時間", "🙂", "</s>", "<s>a", SPACE, "a\n", "\tb", "-", ""]
)


@settings(deadline=None)
@given(st.text(max_size=200) | st.lists(WORDS, max_size=12).map(" ".join))
@example("")
@example(" ")
@example("two  spaces and one behind ")
@example("a line\n\nanother one")
def test_tokens_are_those_of_the_tokenizer(text: str) -> None:
    assert TOKENS.of(text) == TOKENIZER.encode(text, add_special_tokens=False).ids


def test_words_are_forgotten_before_they_take_much_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_tokens, "MOST", 100)
    tokens = WordTokens(TOKENIZER)
    tokens.of(" ".join(map(str, range(250))))
    assert len(tokens._known) == 50


class Other:
    """A tokenizer with a token over two words."""

    def __init__(self, vocabulary: list[str], tokens: list[str]) -> None:
        self._vocabulary, self.tokens, self.ids = vocabulary, tokens, [7]

    def get_vocab(self) -> dict[str, int]:
        return {each: number for number, each in enumerate(self._vocabulary)}

    def encode(self, text: str, **_: Any) -> Any:
        return self


@pytest.mark.parametrize(
    ("vocabulary", "tokens"),
    [
        ([SPACE, f"of{SPACE}the"], [f"{SPACE}a", f"{SPACE}b"]),  # a token over two words
        ([SPACE, "the"], ["a", f"{SPACE}b"]),  # no space before a text
        (["the"], ["a", "b"]),  # no spaces at all
    ],
)
def test_of_other_vocabularies_whole_texts_are_read(vocabulary: list[str], tokens: list[str]) -> None:
    other = Other(vocabulary, tokens)
    assert not is_by_words(other)
    assert WordTokens(other).of("a b") == [7]
