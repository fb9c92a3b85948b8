"""A rating may change, and the latest holds; what was said to it is lent by the customer."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from domain.base.aggregate import Quote
from domain.base.errors import Invalid
from domain.feedback.rating import LONGEST_COMMENT, Rating, rating_of
from tests.domain.given import NOW, when

INTERACTION, CONVERSATION = UUID(int=7), UUID(int=8)


def begun() -> Rating:
    return Rating.begin(INTERACTION, CONVERSATION, NOW)


def told(events: list[object]) -> list[object]:
    return [event.helpful if isinstance(event, Rating.Rated) else event.text for event in events]  # type: ignore[attr-defined]


def test_an_interaction_has_one_rating_whose_latest_word_holds() -> None:
    rating = begun()
    assert rating.id == rating_of(INTERACTION) != rating_of(uuid4())
    (first,) = when(rating, lambda: rating.rate(True, "whatsapp", NOW))
    assert isinstance(first, Rating.Rated)
    assert (first.interaction, first.conversation, first.source) == (INTERACTION, CONVERSATION, "whatsapp")
    assert told(when(rating, lambda: rating.rate(False, "api", NOW))) == [False]
    assert rating.state.helpful is False
    assert when(rating, lambda: rating.rate(False, "console", NOW)) == [], "the same again is nothing new"


def test_a_comment_stays_until_another_one_takes_its_place_or_it_is_taken_back() -> None:
    rating = begun()
    assert told(when(rating, lambda: rating.rate(False, "api", NOW, comment=" Too long. "))) == [
        False,
        "Too long.",
    ]
    assert when(rating, lambda: rating.rate(False, "api", NOW, comment="Too long.", before="Too long.")) == []
    assert told(when(rating, lambda: rating.rate(True, "api", NOW))) == [True]
    assert rating.state.commented
    assert told(when(rating, lambda: rating.rate(True, "api", NOW, comment="Fine.", before="Too long."))) == [
        "Fine."
    ]
    assert told(when(rating, lambda: rating.rate(True, "api", NOW, comment=" ", before="Fine."))) == [""]
    assert not rating.state.commented
    assert when(rating, lambda: rating.rate(True, "api", NOW, comment="")) == []


def test_a_comment_is_lent_by_the_customer_and_gone_with_them() -> None:
    rating = begun()
    (_, said) = when(rating, lambda: rating.rate(False, "api", NOW, comment="I am Ada."))
    assert isinstance(said, Rating.Commented)
    bare, quotes = said.detach()
    assert bare.text is None
    assert quotes == (Quote(subject=CONVERSATION, place=0, texts=("I am Ada.",)),)
    assert bare.attach(quotes) == said
    assert bare.attach([Quote(place=0, texts=None)]).text is None


def test_a_comment_that_is_too_long_is_refused_with_the_limit() -> None:
    rating = begun()
    with pytest.raises(Invalid, match=str(LONGEST_COMMENT)):
        rating.rate(True, "api", NOW, comment="x" * (LONGEST_COMMENT + 1))
    assert rating.state.helpful is None
