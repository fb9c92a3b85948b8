"""A text of another form than asked for is refused in words."""

from __future__ import annotations

from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from domain.base.patterns import PRICE, WORDS, in_words


class Priced(msgspec.Struct):
    price: Annotated[str, Meta(pattern=PRICE)]


@pytest.mark.parametrize("pattern", WORDS)
def test_each_pattern_is_told_in_words(pattern: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert("\n", Annotated[str, Meta(pattern=pattern)])
    assert in_words(str(refused.value)) == f"Expected {WORDS[pattern]}"


def test_the_place_is_told_behind_the_words() -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({"price": "12,90"}, Priced)
    assert in_words(str(refused.value)) == f"Expected {WORDS[PRICE]} - at `$.price`"


def test_a_line_end_does_not_pass_behind_a_price() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"price": "12.90\n"}, Priced)


def test_what_is_no_pattern_stays() -> None:
    assert in_words("Expected `str`, got `int` - at `$.a`") == "Expected `str`, got `int` - at `$.a`"
