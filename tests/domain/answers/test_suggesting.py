"""What is suggested beside an answer, what is not and why, and what a customer makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.answers.plan import Decision
from domain.answers.shown import Shown
from domain.answers.suggesting.known import Candidate, Known, Subject
from domain.answers.suggesting.reactions import ACCEPTED, after, button_id, pressed_offer, reactions
from domain.answers.suggesting.suggest import AGAIN, TOGETHER, Suggestions, about, suggest, withheld
from domain.answers.suggesting.telling import suggestion_text
from domain.answers.understanding import Intent, Understanding
from domain.answers.wordings import SHIPPED
from domain.conversations.rich import LONGEST_BUTTON
from domain.conversations.suggested import suggestion_buttons
from tests.domain.given import NOW

MUG, SAUCER, SPOON, JAR, COURSE = (UUID(int=n) for n in range(1, 6))
FIRST, SECOND = UUID(int=11), UUID(int=12)
OF_MUG = Subject(offer=MUG, name="Blue mug", by="named")
PRICE = Understanding(intents=(Intent(name="price"),))


def candidate(offer: UUID, to: UUID = MUG, **facts: Any) -> Candidate:
    given = {"kind": "product", "name": f"offer {offer.int}", "price": "1 EUR", "rank": 0, "stock": 1}
    return Candidate(offer=offer, to=to, **(given | facts))


def suggested(*candidates: Candidate, shown: tuple[Shown, ...] = (), most: int = 2) -> Suggestions:
    known = Known(subjects=(OF_MUG,), candidates=candidates)
    return suggest(known, about(known, (), PRICE), shown, NOW, most=most)


def offers(found: Suggestions) -> list[UUID]:
    return [each.offer for each in found.offers]


def test_what_the_tenant_names_comes_before_what_many_have_bought() -> None:
    found = suggested(
        candidate(JAR, rank=None, customers=900),
        candidate(SPOON, rank=1, customers=1),
        candidate(SAUCER, rank=0),
        most=3,
    )
    assert offers(found) == [SAUCER, SPOON, JAR]
    assert [each.reason for each in found.offers] == ["goes_with", "goes_with", "bought_together"]
    assert suggested(candidate(JAR, rank=None, customers=TOGETHER - 1)).offers == ()


def test_no_more_than_wanted_is_suggested_and_each_once() -> None:
    found = suggested(candidate(SAUCER), candidate(SAUCER, rank=3), candidate(SPOON, rank=1), most=1)
    assert offers(found) == [SAUCER]
    assert [(each.offer, each.why) for each in found.left_out] == [(SPOON, "enough")]


@pytest.mark.parametrize(
    ("facts", "shown", "why"),
    [
        ({"stock": 0}, (), "not_there"),
        ({"stock": None}, (), "not_there"),
        ({"kind": "service", "stock": None}, (), "not_there"),
        ({"bought": True}, (), "has"),
        ({"offer": MUG}, (), "meant"),
        ({}, (timedelta(days=1), None), "shown"),
        ({}, (AGAIN * 9, "declined"), "declined"),
        ({}, (AGAIN, None), None),
        ({"kind": "service", "stock": None, "slot": NOW}, (), None),
    ],
)
def test_what_is_no_use_to_this_customer_is_left_out(
    facts: dict[str, Any], shown: tuple[Any, ...], why: str | None
) -> None:
    before = tuple(
        Shown(offer=SAUCER, interaction=FIRST, at=NOW - age, reaction=reaction)
        for age, reaction in ([shown] if shown else [])
    )
    offer = facts.pop("offer", SAUCER)
    found = suggested(candidate(offer, **facts), shown=before)
    assert [each.why for each in found.left_out] == ([] if why is None else [why])
    assert offers(found) == ([offer] if why is None else [])


@pytest.mark.parametrize(
    ("decision", "intent", "facts", "why"),
    [
        (Decision(), "price", {}, None),
        (Decision(kind="hand_over"), "price", {}, "hand_over"),
        (Decision(kind="decline"), "price", {}, "decline"),
        (Decision(kind="ask_back"), "price", {}, "ask_back"),
        (Decision(), "complaint", {}, "trouble"),
        (Decision(), "refund", {}, "trouble"),
        (Decision(), "price", {"cites": False}, "no_grounds"),
        (Decision(), "price", {"unsure": True}, "unsure"),
        (Decision(), "price", {"asks": True}, "asks"),
    ],
)
def test_nothing_is_suggested_where_nobody_wants_it(
    decision: Decision, intent: str, facts: dict[str, bool], why: str | None
) -> None:
    assert withheld(decision, Understanding(intents=(Intent(name=intent),)), **facts) == why


def test_an_answer_is_about_what_is_named_or_cited_and_else_about_what_was_looked_at() -> None:
    cited, viewed = Subject(offer=JAR, name="j", by="cited"), Subject(offer=SPOON, name="s", by="viewed")
    known = Known(subjects=(viewed, cited, OF_MUG, Subject(offer=JAR, name="j", by="bought")))
    assert about(known, {JAR}, PRICE) == [OF_MUG, cited]
    assert about(known, (), PRICE) == [OF_MUG]
    bare = Known(subjects=(cited, viewed))
    assert about(bare, (), PRICE) == [viewed]
    assert about(bare, (), Understanding(intents=(Intent(name="opening_hours"),))) == []


@dataclass
class Burst:
    pressed: tuple[UUID, ...] = ()
    named: tuple[UUID, ...] = ()
    refuses: bool = False
    later: timedelta = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("burst", "kinds"),
    [
        (Burst(), []),
        (Burst(pressed=(SAUCER,), named=(SAUCER,)), [(SECOND, SAUCER, "pressed")]),
        (Burst(named=(SAUCER, MUG)), [(SECOND, SAUCER, "asked")]),
        (Burst(named=(JAR,)), [(FIRST, JAR, "asked")]),
        (Burst(refuses=True, named=(JAR,)), [(SECOND, SAUCER, "declined"), (SECOND, SPOON, "declined")]),
        (Burst(named=(SAUCER,), later=ACCEPTED + timedelta(seconds=1)), []),
    ],
)
def test_reactions_are_to_what_was_shown(burst: Burst, kinds: list[tuple[UUID, UUID, str]]) -> None:
    shown = after((), (), [JAR], FIRST, NOW)
    shown = after(shown, (), [SAUCER, SPOON], SECOND, NOW)
    reacted = reactions(
        shown,
        NOW + burst.later,
        pressed=burst.pressed,
        named=burst.named,
        refuses=burst.refuses,
        last=SECOND,
    )
    assert [(each.interaction, each.offer, each.kind) for each in reacted] == kinds
    closed = after(shown, reacted, [], UUID(int=13), NOW)
    assert sum(each.reaction is not None for each in closed) == len(kinds)
    more = reactions(closed, NOW, pressed=(), named=burst.named, refuses=False, last=SECOND)
    assert not {(each.interaction, each.offer) for each in more} & {(one, two) for one, two, _ in kinds}


def test_suggestions_are_told_in_the_customers_language_one_line_a_reason() -> None:
    found = suggested(
        candidate(SAUCER, name="Untertasse", price="4.50 EUR"),
        candidate(SPOON, rank=1, name="Löffel"),
        candidate(JAR, rank=None, customers=4, name="Honig"),
        most=3,
    )
    assert suggestion_text(found.offers, lambda name, values: SHIPPED.told(name, "de", values)) == (
        "Passt gut zu Blue mug: Untertasse (4.50 EUR), Löffel (1 EUR).\n"
        "Wird oft zusammen mit Blue mug gekauft: Honig (1 EUR)."
    )
    assert suggestion_text((), lambda name, values: name) == ""


def test_buttons_carry_what_they_stand_for_and_hold_what_whatsapp_takes() -> None:
    long = "Handmade saucer with a golden rim 😀😀"
    found = suggested(candidate(SAUCER, name=long), candidate(SPOON, rank=1, name="Spoon"))
    form = suggestion_buttons("The answer.", found.offers)
    assert form is not None
    first, second = form.options
    assert first.title.endswith("…")
    assert len(first.title) <= LONGEST_BUTTON
    assert (second.title, pressed_offer(second.id)) == ("Spoon", SPOON)
    assert suggestion_buttons("x" * 1025, found.offers) is None
    assert suggestion_buttons("The answer.", ()) is None
    same = suggested(candidate(SAUCER, name=f"{long} 1"), candidate(SPOON, rank=1, name=f"{long} 2"))
    assert suggestion_buttons("The answer.", same.offers) is None
    for other in (None, "rating:x:yes", "suggestion:", "suggestion:nobody"):
        assert pressed_offer(other) is None
    assert pressed_offer(button_id(COURSE)) == COURSE
