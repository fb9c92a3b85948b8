"""What a customer was taken to mean, and what they say to it."""

from __future__ import annotations

import pytest

from domain.answers.matches import Verdict, matches_in, verdicts
from domain.answers.plan import Decision, Kind
from domain.answers.understanding import Correction, Entity, NamedOffer, Understanding
from domain.answers.understanding.result import SURE, Matched

ASKED_WORD, MADE_WORD = Matched(by="spelling", how="asked"), Matched(by="spelling", how="made")
ASKED_OFFER, MADE_OFFER = Matched(by="offer", how="asked"), Matched(by="offer", how="made")


def understood(confidence: float, *, named: bool = True, slip: float | None = None) -> Understanding:
    entity = Entity(kind="product", text="Blue mug", value="Blue mug")
    slips = () if slip is None else (Correction(typed="bluse", meant="Blouse", confidence=slip),)
    return Understanding(
        offers=(NamedOffer(kind="product", name="Blue mug", confidence=confidence),),
        entities=(entity,) if named else (),
        corrections=slips,
    )


@pytest.mark.parametrize(
    ("kind", "category", "understanding", "found"),
    [
        ("ask_back", "correction", understood(0.7, slip=0.6), (ASKED_WORD,)),
        ("ask_back", "choice", understood(0.7), (ASKED_OFFER,)),
        ("answer", None, understood(0.7), (MADE_OFFER,)),
        ("answer", None, understood(1.0), ()),
        ("answer", None, understood(0.7, named=False), ()),
        ("answer", None, understood(1.0, slip=SURE), (MADE_WORD,)),
        ("answer", None, understood(1.0, slip=SURE - 0.01), ()),
        ("hand_over", "person", understood(0.7, slip=0.9), ()),
        ("answer", None, None, ()),
    ],
)
def test_matches_are_those_that_an_answer_goes_by_or_asks_about(
    kind: Kind, category: str | None, understanding: Understanding | None, found: tuple[Matched, ...]
) -> None:
    assert matches_in(Decision(kind=kind, category=category), understanding) == found


@pytest.mark.parametrize(
    ("before", "category", "refuses", "accepted"),
    [
        (ASKED_WORD, "confirmed", False, True),
        (ASKED_WORD, "confirmed", True, False),
        (ASKED_WORD, None, False, None),
        (ASKED_WORD, "person", False, None),
        (ASKED_OFFER, "confirmed", False, True),
        (ASKED_OFFER, None, True, False),
        (MADE_OFFER, None, False, True),
        (MADE_OFFER, None, True, False),
        (MADE_WORD, "person", False, True),
    ],
)
def test_a_reply_settles_what_was_asked_and_any_message_what_was_made(
    before: Matched, category: str | None, refuses: bool, accepted: bool | None
) -> None:
    found = verdicts((before,), Decision(category=category), refuses=refuses)
    said = () if accepted is None else (Verdict(by=before.by, how=before.how, accepted=accepted),)
    assert found == said
    assert verdicts((), Decision(category="confirmed"), refuses=refuses) == ()
