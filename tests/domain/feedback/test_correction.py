"""Corrections: proposed, gone on with, reviewed; what they quote is the customer's."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.base.errors import Invalid, Refused
from domain.feedback.correction import Correction
from domain.feedback.exchange import Exchange, flat, from_flat
from domain.feedback.lineage import LONGEST, Lineage, Person, Texts
from domain.models.completion import Turn
from tests.domain.given import NOW, when

BEA = Person(by="key:1", operator="Bea", operator_id=UUID(int=1))
CARL = Person(by="key:1", operator="Carl", operator_id=UUID(int=2))
NOBODY, OTHER_KEY = Person(by="key:1"), Person(by="key:2")
CONVERSATION = uuid4()
LINEAGE = Lineage(interaction=uuid4(), conversation=CONVERSATION, channel="http", use="tenant_only")
EXCHANGE = Exchange(
    message="When?",
    context=(Turn(role="user", text="Hi"), Turn(role="assistant", text="")),
    answer="At nine.",
)
TEXTS = Texts(exchange=EXCHANGE, said="Never.", reason="wrong", known=("Ann Lee", ""))


def proposed(**facts: Any) -> Correction:
    defaults: dict[str, Any] = {"category": "other", "source": "api", "proposer": BEA, "texts": TEXTS}
    return Correction.propose(uuid4(), lineage=LINEAGE, at=NOW, **{**defaults, **facts})


def test_its_texts_are_the_conversations_and_come_back_as_they_were() -> None:
    (event,) = proposed().collect_events()
    bare, quotes = event.detach()  # type: ignore[attr-defined]
    assert [quote.subject for quote in quotes] == [CONVERSATION]
    assert "At nine." not in repr(bare)
    assert "At nine." not in repr(msgspec.to_builtins(bare))
    assert bare.attach(quotes) == event
    erased = bare.attach([msgspec.structs.replace(quotes[0], texts=None)])
    assert erased.texts is None
    assert Correction.replay([erased]).state.lineage == LINEAGE  # type: ignore[union-attr]


def test_an_exchange_of_texts_alone_is_the_same_again() -> None:
    assert from_flat(flat(EXCHANGE)) == EXCHANGE


@pytest.mark.parametrize(
    "texts",
    [
        Texts(exchange=Exchange(message="m", answer=" \n"), said="x"),
        Texts(exchange=Exchange(message="m", answer="a" * (LONGEST + 1)), said="x"),
        Texts(exchange=Exchange(message="m", answer="a"), said="x", reason="r" * (LONGEST + 1)),
    ],
)
def test_what_has_no_text_or_too_much_is_refused(texts: Texts) -> None:
    with pytest.raises(Invalid, match="characters?"):
        proposed(texts=texts)


def test_what_was_said_is_no_correction_of_itself() -> None:
    with pytest.raises(Refused, match="nothing to correct"):
        proposed(texts=Texts(exchange=Exchange(message="m", answer=" At nine."), said="At nine."))


def test_a_review_says_who_and_how_good_and_a_later_one_takes_its_place() -> None:
    correction = proposed()
    (event,) = when(correction, lambda: review(correction, approved=True, quality=4.5, category="tone"))
    assert (event.approved, event.quality, event.category, event.reviewer) == (True, 4.5, "tone", CARL)  # type: ignore[attr-defined]
    assert when(correction, lambda: review(correction, approved=True, quality=4.5, category="tone")) == []
    review(correction, approved=False, quality=1)
    state = correction.state
    assert (state.status, state.quality, state.category) == ("rejected", 1, "tone")


@pytest.mark.parametrize("quality", [-0.1, 5.1, float("nan")])
def test_a_quality_out_of_its_range_is_refused(quality: float) -> None:
    with pytest.raises(Invalid, match="0 to 5"):
        review(proposed(), quality=quality)


@pytest.mark.parametrize(
    ("proposer", "reviewer", "two"),
    [
        (BEA, CARL, True),
        (BEA, BEA, False),
        (BEA, msgspec.structs.replace(BEA, by="key:9"), False),
        (BEA, NOBODY, False),
        (NOBODY, NOBODY, False),
        (NOBODY, OTHER_KEY, True),
        (BEA, OTHER_KEY, True),
    ],
)
def test_with_four_eyes_the_reviewer_is_another_person(proposer: Person, reviewer: Person, two: bool) -> None:
    correction = proposed(proposer=proposer)
    if two:
        review(correction, reviewer=reviewer, four_eyes=True)
    else:
        with pytest.raises(Refused, match="another person"):
            review(correction, reviewer=reviewer, four_eyes=True)
        review(correction, reviewer=reviewer, four_eyes=False)
    assert correction.state.status == "approved"


def test_an_operator_who_goes_on_extends_it_until_it_was_reviewed() -> None:
    correction = proposed(replies=(7,))
    longer = msgspec.structs.replace(TEXTS, exchange=Exchange(message="When?", answer="At nine.\nOr ten."))
    (event,) = when(correction, lambda: correction.extend(longer, (7, 8), NOW))
    assert (event.texts, correction.state.replies) == (longer, (7, 8))  # type: ignore[attr-defined]
    assert when(correction, lambda: correction.extend(longer, (7, 8), NOW)) == []
    assert when(correction, lambda: correction.extend(longer, (7,), NOW)) == []
    review(correction)
    assert when(correction, lambda: correction.extend(longer, (7, 8, 9), NOW)) == []


def review(correction: Correction, **facts: Any) -> None:
    defaults: dict[str, Any] = {"approved": True, "quality": 4.5, "reviewer": CARL, "four_eyes": False}
    correction.review(at=NOW, **{**defaults, **facts})
