"""Matching: what is named is found, also misspelt, within a sentence, without accents; what names nothing finds nothing."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import assume, given
from hypothesis import strategies as st

from domain.shop.matching import OfferIndex, words
from domain.shop.offer import Offer

NAMES = (
    *(
        "Blue mug",
        "Red mug",
        "Green tea 100 g",
        "Earl Grey",
        "C++ primer",
        "C# in depth",
        "Teapot, cast iron",
    ),
    *("Käsebrett Größe L", "हिन्दी किताब", "Haircut", "Beard trim", "Children's haircut", "Coffee grinder"),
)


def _index(*names: str, **more: object) -> OfferIndex:
    return OfferIndex([Offer(name=each, price=Decimal(1), currency="EUR", **more) for each in names])  # type: ignore[arg-type]


INDEX = _index(*NAMES)


def _found(text: str, least: float = 0.5) -> list[str]:
    return [NAMES[match.offer] for match in INDEX.find(text, least=least)]


@given(st.sampled_from(NAMES))
def test_what_is_called_by_its_name_is_found_first_and_for_sure(name: str) -> None:
    for text in (name, name.upper(), f"  {name} "):
        best = INDEX.find(text, least=0.5)[0]
        assert (NAMES[best.offer], best.confidence) == (name, 1.0)


@given(st.sampled_from(NAMES), st.data())
def test_a_slip_in_a_word_is_no_matter(name: str, data: st.DataObject) -> None:
    long = [word for word in words(name) if len(word) >= 5 and word.isascii()]
    assume(long)
    word = data.draw(st.sampled_from(long))
    at = data.draw(st.integers(1, len(word) - 2))
    slip = data.draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + "x" + word[at:],
            ]
        )
    )
    typed = " ".join(slip if each == word else each for each in words(name))
    assert _found(typed)[0] == name


def test_words_that_name_nothing_say_nothing() -> None:
    assert _found("Do you have the blu mug in stock, please?")[0] == "Blue mug"
    assert _found("hello there, how are you?", least=0.0) == []
    assert _found("!?", least=0.0) == []
    assert _index().find("mug", least=0.0) == []


def test_two_words_may_be_one() -> None:
    assert _found("a hair cut, please")[0] == "Haircut"
    assert _found("tea pot", least=0.4)[0] == "Teapot, cast iron"


def test_signs_tell_names_apart_and_accents_do_not() -> None:
    assert _found("a book on c++")[0] == "C++ primer"
    assert _found("C#")[0] == "C# in depth"
    assert _found("kasebrett grosse l")[0] == "Käsebrett Größe L"
    assert _found("हिन्दी")[0] == "हिन्दी किताब"


def test_what_several_have_is_sure_of_none_of_them() -> None:
    both = INDEX.find("mug", least=0.5)
    assert [NAMES[match.offer] for match in both] == ["Blue mug", "Red mug"]
    assert both[0].confidence == both[1].confidence < 0.8


def test_tags_and_category_count_less_than_the_name() -> None:
    index = OfferIndex(
        [
            Offer(name="Cup", price=Decimal(1), currency="EUR", tags=("gift",)),
            Offer(name="Gift box", price=Decimal(1), currency="EUR"),
        ]
    )
    found = index.find("a gift", least=0.1)
    assert [match.offer for match in found] == [1, 0]


@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    for match in INDEX.find(text, least=0.0):
        assert 0 <= match.confidence <= 1
