"""Each subject of the understanding, in the languages that it knows."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.answers.understanding import Business, understand
from domain.answers.understanding.result import SURE
from domain.answers.understanding.spelling import as_meant
from domain.base.language import DETECTS, language_of
from domain.models.completion import Turn

NONE = Business()
SHOP = Business(
    names=("Galaxy Kettle", "Moon Boots", "Trail Runner 5"),
    topics=("Poems for children",),
    aliases={"mb": "Moon Boots"},
)


@pytest.mark.parametrize(
    "text",
    [
        "I would like to talk to a real person",
        "i want to pseak with a petson",
        "Ich möchte mit einem Mitarbeiter sprechen",
        "Je voudrais parler à un conseiller",
        "Quiero hablar con una persona",
        "Vorrei parlare con un operatore",
        "Quero falar com um atendente",
        "Ik wil graag met een medewerker spreken",
        "Chcę porozmawiać z konsultantem",
        "Gerçek bir insanla görüşmek istiyorum",
        "Хочу поговорить с оператором",
    ],
)
def test_a_request_for_a_person_is_found(text: str) -> None:
    found = understand([text], business=NONE)
    assert found.wants_person >= 0.5
    assert found.intents[0].name == "person"


@pytest.mark.parametrize(
    "text",
    [
        "Someone else used my card",
        "Am I talking to a real person?",
        "Is the jacket for one person?",
        "How many people fit in the room?",
        "Wie viele Personen passen in das Zimmer?",
        "¿Cuántas personas caben en la mesa?",
        "What is your phone number?",
    ],
)
def test_an_ordinary_question_asks_for_nobody(text: str) -> None:
    assert understand([text], business=NONE).wants_person < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "Did you forget my question?",
        "You still haven't answered my first question",
        "Haben Sie meine Frage vergessen?",
        "Vous n'avez pas répondu à ma question",
        "¿Se te olvidó mi pregunta?",
        "Hai dimenticato la mia domanda?",
        "Você esqueceu a minha pergunta?",
        "Ben je mijn vraag vergeten?",
        "Czy zapomnieli Państwo o moim pytaniu?",
        "Sorumu unuttunuz mu?",
        "Вы забыли про мой вопрос?",
        "هل نسيت سؤالي؟",
    ],
)
def test_that_something_was_forgotten_is_heard(text: str) -> None:
    assert understand([text], business=NONE).forgot


@pytest.mark.parametrize(
    "text", ["I forgot my password", "Ich habe mein Passwort vergessen", "Where is my order?"]
)
def test_who_forgot_something_himself_reproaches_nobody(text: str) -> None:
    assert not understand([text], business=NONE).forgot


def test_a_slip_is_mended_and_said() -> None:
    found = understand(["how much is the galaxi ketle?"], business=SHOP)
    (correction,) = found.corrections
    assert (correction.typed, correction.meant) == ("galaxi ketle", "Galaxy Kettle")
    assert correction.confidence >= SURE
    assert ("name", "Galaxy Kettle") in {(each.kind, each.value) for each in found.entities}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("how much is the galaxi ketle, please?", "how much is the Galaxy Kettle, please?"),
        ("galaxi ketle\nthe GALAXI ketle!", "Galaxy Kettle\nthe Galaxy Kettle!"),
        ("do you have mb in 42?", "do you have Moon Boots in 42?"),
        ("how much is the Galaxy Kettle?", "how much is the Galaxy Kettle?"),
    ],
)
def test_what_is_surely_meant_stands_in_the_place_of_what_was_typed(typed: str, meant: str) -> None:
    assert as_meant(typed, understand([typed], business=SHOP).sure_of) == meant


@given(st.text())
def test_a_text_without_slips_stays_as_it_is(text: str) -> None:
    assert as_meant(text, ()) == text


def test_an_informal_name_is_known() -> None:
    assert understand(["do you have mb in 42?"], business=SHOP).corrections[0].meant == "Moon Boots"


def test_what_may_be_meant_is_asked() -> None:
    two = Business(names=("Merlin", "Marlin"))
    found = understand(["do you sell the murlin"], business=two)
    assert found.unsure_of
    assert any(each.startswith("ask_back: ") for each in found.evidence)


@pytest.mark.parametrize(
    "text", ["Where is my order?", "do you have moon boots", "the moon is nice today", "can you put it back"]
)
def test_common_words_and_the_names_themselves_are_no_slips(text: str) -> None:
    assert not understand([text], business=SHOP).corrections


def test_an_entry_of_our_list_is_pointed_at() -> None:
    history = [
        Turn(role="user", text="boots?"),
        Turn(role="assistant", text="We have:\n1. Moon Boots\n2. Rain Boots"),
    ]
    (found,) = understand(["I'll take the second one"], history, business=NONE).references
    assert (found.kind, found.turn, found.item) == ("ordinal", 1, "Rain Boots")
    assert not understand(["I'll take the second one"], business=NONE).references


def test_what_was_said_before_is_pointed_at() -> None:
    history = [Turn(role="user", text="It is broken."), Turn(role="assistant", text="Which one?")]
    (found,) = understand(["As I said, the kettle is broken"], history, business=NONE).references
    assert (found.kind, found.turn) == ("earlier", 0)


@pytest.mark.parametrize(
    "text",
    [
        "Write me a poem about the sea",
        "What is the capital of France?",
        "can you do my math homework",
        "Schreib mir ein Gedicht über das Meer",
        "Écris-moi un poème sur la mer",
        "Escríbeme un poema sobre el mar",
        "Napisz mi wiersz o morzu",
    ],
)
def test_what_no_business_is_asked_lies_outside(text: str) -> None:
    assert understand([text], business=NONE).outside >= 0.5


@pytest.mark.parametrize(
    "text",
    ["Write me a list of your poems for children", "Where is my order?", "What is the price of the tea?"],
)
def test_the_tenants_own_words_win(text: str) -> None:
    assert understand([text], business=SHOP).outside < 0.5


def test_what_is_named_has_one_form() -> None:
    text = "Order #AB-1234, I paid 49,90 € on 2026-11-02 at 10:30, write to Ann.Lee@Example.org or +49 30 1234567"
    found = {each.kind: each.value for each in understand([text], business=NONE).entities}
    assert found == {
        "order": "AB-1234",
        "amount": "49,90 €",
        "date": "2026-11-02",
        "time": "10:30",
        "email": "ann.lee@example.org",
        "phone": "+49301234567",
    }


@pytest.mark.skipif(not DETECTS, reason="there is no detector for this system")
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Вас слушают, где вы сейчас работаете", "ru"),
        ("posso pagar em dinheiro na loja", "pt"),
        ("can i pay in cash there", "en"),
        ("kann ich bar bezahlen bei euch", "de"),
    ],
)
def test_five_words_tell_the_language(text: str, language: str) -> None:
    assert language_of(text) == language


def work(text: str) -> int:
    """Lines of ours that are carried out to understand a text: a measure of work that no busy machine moves."""
    lines = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if "understanding" not in frame.f_code.co_filename:
            return None
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        understand([text], business=SHOP)
    finally:
        sys.settrace(before)
    return lines


ODD = st.one_of(
    st.text(min_size=1, max_size=12),
    st.sampled_from(
        [
            "I want to talk to a human and ",
            "and then ",
            "can you ",
            "a ",
            "the second one ",
            "+1 2",
            "1.",
            "#a-",
            "a@b.",
            "(",
            "или ",
            "mon ",
            "show me the ",
        ]
    ),
)


@settings(max_examples=12, deadline=None)
@given(ODD)
def test_the_work_grows_with_the_text_and_no_faster(piece: str) -> None:
    short, long = (piece * 2_000)[:1_000], (piece * 2_000)[:2_000]
    understand([long], business=SHOP)  # tables are made
    assert work(long) <= 2.3 * work(short) + 2_000


@settings(deadline=None)
@given(st.sampled_from(["+1 23 ", "a@b.c", "1.2.3", "http://", "#a-1", "AB-12", "12:3", "€1,"]))
def test_what_is_named_is_looked_for_in_bounded_work(piece: str) -> None:
    found = understand([(piece * 8_000)[:8_000]], business=NONE)
    assert len(found.entities) <= 60
