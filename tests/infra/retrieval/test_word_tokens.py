from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from infra.retrieval import word_tokens
from infra.retrieval.vocabulary import SPACE, read
from infra.retrieval.word_tokens import WordTokens
from infra.retrieval.word_vectors import NAME, PACKAGE, vocabulary

FILE = Path(find_spec(PACKAGE).submodule_search_locations[0]) / "tokenizers" / f"{NAME}_tokenizer_config.json"  # type: ignore[union-attr,index]
THEIRS = Tokenizer.from_file(str(FILE))
OURS = WordTokens(vocabulary())
WORDS = st.sampled_from(
    [
        *(
            "Delivery",
            "19,99",
            "€",
            "Grüße",
            "営業時間",
            "🙂",
            "</s>",
            "<s>a",
            "a<unk>b",
            "<s",
            SPACE,
            "a\n",
            "\tb",
        ),
        *(
            "-",
            "",
            "<0x41>",
            "aaaaaaaaaaa",
            "Rückgabebedingungen",
            "ababababab",
            "https://shop.example/?a=1&b=22",
        ),
    ]
)


def theirs(text: str) -> list[int]:
    """As the package reads it that the file was made for."""
    return THEIRS.encode(text, add_special_tokens=False).ids  # type: ignore[no-any-return]  # it is untyped


@settings(deadline=None)
@given(st.text(max_size=200) | st.lists(WORDS, max_size=12).map(" ".join) | st.lists(WORDS).map("".join))
@example("")
@example(" ")
@example("two  spaces and one behind ")
@example("a line\n\nanother one")
@example(" " * 40 + "a")
def test_tokens_are_those_of_the_tokenizer(text: str) -> None:
    assert OURS.of(text) == theirs(text)


def test_what_is_written_here_is_read_alike() -> None:
    """Prose, code, and words as long as they come."""
    for file in sorted(Path(__file__).parents[3].glob("docs/*.md"))[:25]:
        text = file.read_text()
        assert OURS.of(text) == theirs(text)
        assert OURS.of(text[:5000].replace(" ", "")) == theirs(text[:5000].replace(" ", ""))


def test_words_are_forgotten_before_they_take_much_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_tokens, "MOST", 100)
    tokens = WordTokens(vocabulary())
    tokens.of(" ".join(map(str, range(250))))
    assert len(tokens._known) == 50


def _over_two_words(form: Any) -> None:
    form["model"]["vocab"][f"of{SPACE}the"] = 31_999


def _cut_before(form: Any) -> None:
    form["pre_tokenizer"] = {"type": "Whitespace"}


def _no_space_before(form: Any) -> None:
    form["normalizer"]["normalizers"].pop(0)


def _of_another_kind(form: Any) -> None:
    form["model"]["type"] = "Unigram"


@pytest.mark.parametrize("change", [_over_two_words, _cut_before, _no_space_before, _of_another_kind])
def test_a_file_of_another_form_is_refused(tmp_path: Path, change: Any) -> None:
    form = msgspec.json.decode(FILE.read_bytes())
    change(form)
    other = tmp_path / "vocabulary.json"
    other.write_bytes(msgspec.json.encode(form))
    with pytest.raises(ValueError, match="form that is not known"):
        read(other)
