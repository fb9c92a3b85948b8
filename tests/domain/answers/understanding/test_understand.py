"""What customers write is understood by rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.answers.understanding import Business, understand
from domain.answers.understanding.clauses import BEGINS
from domain.answers.understanding.cohesion import FEW
from domain.answers.understanding.words.cohesion import BOTH, WEIGHT
from domain.answers.understanding.words.topics import ORDER, TOPICS, URGENCY
from domain.models.completion import Turn

BUSINESS = Business()


def names(*messages: str) -> list[str]:
    return [intent.name for intent in understand(messages, business=BUSINESS).intents]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Hi, where is my order 4711? And can I return the shoes?", ["order_status", "return"]),
        ("cancel my order and give me a refund", ["cancellation", "refund"]),
        ("What are your opening hours?", ["opening_hours"]),
        ("Wo ist meine Bestellung und wann habt ihr offen?", ["order_status", "opening_hours"]),
        ("My card was stolen. What should I do?", ["fraud"]),
        ("thanks!", ["thanks"]),
        ("I want to talk to a human", ["person"]),
        ("¿Dónde está mi pedido?", ["order_status"]),
        ("Quels sont vos horaires ?", ["opening_hours"]),
    ],
)
def test_what_is_wanted_is_named(text: str, wanted: list[str]) -> None:
    assert names(text) == wanted


def test_the_messages_of_a_burst_are_understood_together() -> None:
    assert names("Hello", "when do you open?", "and where is my parcel?") == ["order_status", "opening_hours"]


def test_the_most_urgent_comes_first() -> None:
    assert names("What are your opening hours?", "My card was stolen!")[0] == "fraud"


def test_what_is_said_to_be_urgent_is_more_so() -> None:
    plain = understand(["cancel my order"], business=BUSINESS).intents[0]
    urgent = understand(["cancel my order immediately"], business=BUSINESS).intents[0]
    assert urgent.urgency > plain.urgency


def test_a_word_or_two_have_the_language_of_what_was_said_before() -> None:
    history = [
        Turn(role="user", text="Wann haben Sie am Samstag geöffnet?"),
        Turn(role="assistant", text="Um 9."),
    ]
    assert understand(["Danke"], history, business=BUSINESS).language == "de"


def test_every_name_has_an_urgency_and_a_place() -> None:
    assert set(TOPICS) < set(ORDER)
    assert set(ORDER) == set(URGENCY)


@given(st.lists(st.text(max_size=200), min_size=1, max_size=4))
def test_no_text_is_too_odd(messages: list[str]) -> None:
    found = understand(messages, business=BUSINESS)
    assert 0 <= found.wants_person <= 1
    assert all(0 <= intent.urgency <= 1 and 0 <= intent.confidence <= 1 for intent in found.intents)
    assert found == understand(messages, business=BUSINESS)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("I paid for the chair last week but it has not arrived. How long does that take?", 1),
        ("The app shows an error. It happens each time. Can you fix this?", 1),
        ("The lamp arrived broken. Do you also have gift cards?", 2),
        ("My parcel is late and when does the shop open on Sunday?", 2),
        ("Do you deliver to Malta and how do I change my password?", 2),
        ("Meine Lampe ist kaputt. Wie lange dauert das?", 1),
        ("Mi paquete no ha llegado. ¿Cuánto tarda eso?", 1),
        ("Mon colis n'est pas arrivé. Combien de temps cela prend-il ?", 1),
        ("Il mio pacco non è arrivato. Quanto tempo ci vuole per questo?", 1),
        ("Wo ist mein Paket und haben Sie am Sonntag geöffnet?", 2),
        ("¿Dónde está mi paquete y a qué hora abren el domingo?", 2),
        ("Dov'è il mio pacco e a che ora aprite domenica?", 2),
        ("Onde está a minha encomenda e a que horas abrem no domingo?", 2),
        ("Waar is mijn pakket en hoe laat gaan jullie zondag open?", 2),
        ("Gdzie jest moja paczka i o której otwieracie w niedzielę?", 2),
        ("Где мой заказ и во сколько вы открываетесь в воскресенье?", 2),
    ],
)
def test_what_goes_on_with_a_request_is_part_of_it_and_what_wants_something_else_is_not(
    text: str, count: int
) -> None:
    assert len(names(text)) == count


def test_every_sign_that_is_seen_has_a_weight() -> None:
    assert {sign for one, two, _ in BOTH for sign in (one, two)} <= set(WEIGHT)
    for few, thresholds in FEW.items():
        assert {f"{few} > {threshold}" for threshold in thresholds} <= set(WEIGHT)
    assert {f"begins: {label}" for label in BEGINS} <= set(WEIGHT)


@pytest.mark.parametrize(
    "text",
    [
        "put me through please",
        "Is someone in charge there?",
        "Could I have a word with one of your cooks?",
        "A member of your staff should ring",
    ],
)
def test_a_person_may_be_asked_for_by_what_they_do(text: str) -> None:
    assert understand([text], business=BUSINESS).wants_person >= 0.5
