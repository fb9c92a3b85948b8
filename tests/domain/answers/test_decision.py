from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from domain.agents.agent import AgentConfiguration
from domain.answers.decision import ANSWER, VERSION, conclude, decide
from domain.answers.memory import Missed, Pending
from domain.answers.plan import Plan, Situation
from domain.answers.replies import reply_in
from domain.answers.understanding import Correction, Intent, Understanding

USUAL = AgentConfiguration()
QUIET = Situation()


def decided(
    text: str, *, situation: Situation = QUIET, configuration: AgentConfiguration = USUAL, **found: Any
) -> Plan:
    return decide(Understanding(**found), situation, [text], configuration)


def test_an_ordinary_question_is_answered() -> None:
    assert decided("When are you open?", intents=(Intent(name="opening_hours"),)) == ANSWER
    assert ANSWER.decision.rule == VERSION


@pytest.mark.parametrize(
    ("configuration", "found", "kind", "category"),
    [
        (USUAL, {"wants_person": 0.9}, "hand_over", "person"),
        (USUAL, {"wants_person": 0.4}, "answer", None),
        (AgentConfiguration(handoff_topics=("legal advice",)), {}, "hand_over", "topic"),
        (AgentConfiguration(handoff_topics=("complaint",)), {"intents": (Intent(name="complaint"),)}, "hand_over", "topic"),
        (AgentConfiguration(handoff_topics=("legal",)), {"wants_person": 0.9}, "hand_over", "person"),
        (AgentConfiguration(handoff_topics=("advic",)), {}, "answer", None),
        (USUAL, {"injection": 0.9}, "decline", "injection"),
        (AgentConfiguration(on_injection="hand_over"), {"injection": 0.9}, "hand_over", "injection"),
        (AgentConfiguration(on_injection="answer"), {"injection": 0.9}, "answer", None),
        (USUAL, {"outside": 0.9}, "decline", "outside"),
        (USUAL, {"outside": 0.3}, "answer", None),
    ],
)  # fmt: skip
def test_what_decides_before_a_model_is_asked(
    configuration: AgentConfiguration, found: dict[str, Any], kind: str, category: str | None
) -> None:
    plan = decided("I need Légal, advice!", configuration=configuration, **found)
    assert (plan.decision.kind, plan.decision.category) == (kind, category)
    assert (plan.say is None) == (kind == "answer")
    assert bool(plan.decision.evidence) == (category is not None)


def test_a_word_of_which_nobody_is_sure_is_asked_back_and_the_reply_settles_it() -> None:
    typed = Correction(typed="bluse", meant="Blouse", confidence=0.6)
    asked = decided("Is the bluse in stock?", corrections=(typed,))
    assert (asked.decision.kind, asked.asks and asked.asks.meant) == ("ask_back", "Blouse")
    situation = Situation(pending=asked.asks)
    assert decided("yes please", situation=situation).questions == ("Is the Blouse in stock?",)
    assert decided("Nein.", situation=situation).questions == ("Is the bluse in stock?",)
    assert decided("How much is delivery to Rome in all?", situation=situation) == ANSWER
    assert decided("No my order 1234 has not arrived", situation=situation) == ANSWER
    assert decided("Ne zaman gelir?", situation=situation) == ANSWER
    assert decided("sure of", corrections=(Correction(typed="a", meant="b", confidence=0.9),)) == ANSWER
    off = AgentConfiguration(spelling_correction=False)
    assert decided("bluse", corrections=(typed,), configuration=off) == ANSWER


@pytest.mark.parametrize(
    ("said", "questions"),
    [
        (("Yes, but how much is shipping?",), ("Is the Blouse in stock?", "but how much is shipping?")),
        (("yes please", "How much is it?"), ("Is the Blouse in stock?", "How much is it?")),
        (("No! The boots — in red",), ("Is the bluse in stock?", "The boots — in red")),
        (("No. 1234 is my order",), None),
        (("Non-slip soles, please",), None),
    ],
)
def test_what_is_said_along_with_a_yes_or_no_is_answered_too(
    said: tuple[str, ...], questions: tuple[str, ...] | None
) -> None:
    pending = Pending(kind="confirm", question="Is the bluse in stock?", typed="bluse", meant="Blouse")
    assert decide(Understanding(), Situation(pending=pending), said, USUAL).questions == questions


@pytest.mark.parametrize(
    "text",
    [
        "OK, when do you open on Sunday?",
        "No my order 1234 has not arrived",
        "No, my order 1234 has not arrived",
        "Ist das Modell neu im Sortiment?",
        "New question: where is my parcel",
    ],
)
def test_a_question_of_their_own_is_answered_and_nothing_left_behind(text: str) -> None:
    pending = Pending(kind="resume", question="the blue bike")
    assert decided(text, situation=Situation(pending=pending)) == ANSWER


def test_a_forgotten_question_is_found_apologised_for_and_answered() -> None:
    missed = Missed(interaction=uuid4(), question="How long is delivery?")
    plan = decided("Did you forget my question?", situation=Situation(missed=missed), forgot=True)
    assert plan.questions == ("How long is delivery?",)
    assert plan.recovers == missed.interaction
    assert plan.opening is not None
    assert plan.opening.values == {"question": "How long is delivery?"}
    assert decided("Did you forget my question?", forgot=True) == ANSWER
    asked = Missed(interaction=uuid4(), question="How long is delivery, and what does it cost?")
    plan = decided("You have forgotten something", situation=Situation(asked=asked), forgot=True)
    assert (plan.questions, plan.recovers) == ((asked.question,), asked.interaction)
    again = Missed(interaction=uuid4(), question="You forgot my question")
    assert decided("You forgot my question", situation=Situation(asked=again), forgot=True) == ANSWER
    both = Situation(missed=missed, asked=asked)
    assert decided("You have forgotten something", situation=both, forgot=True).recovers == missed.interaction


def test_who_is_back_is_reminded_and_asked_how_to_go_on() -> None:
    back = Situation(returned="the blue bike")
    greeted = decided("Hi!", situation=back, intents=(Intent(name="greeting"),))
    assert greeted.say is not None
    assert greeted.say.values == {"topic": "the blue bike"}
    asked = decided("Is it red?", situation=back, intents=(Intent(name="product"),))
    assert asked.say is None
    assert asked.opening == greeted.say
    assert asked.asks is None, "a yes or no would be one to the answer"
    pending = Situation(pending=greeted.asks)
    assert decided("Lieber neu anfangen", situation=pending).afresh
    resumed = decided("go on please", situation=pending)
    assert resumed.decision.category == "resumed"
    assert not resumed.afresh
    assert decided("Is it red?", situation=pending) == ANSWER


def test_low_confidence_hands_over_the_second_time_in_a_row_and_where_there_are_documents() -> None:
    def concluded(
        confidence: float, unsure: int, *, grounded: bool = True, threshold: float = 0.3
    ) -> str | None:
        found = conclude(
            ANSWER,
            Situation(unsure=unsure),
            AgentConfiguration(confidence_threshold=threshold),
            confidence=confidence,
            grounded=grounded,
        )
        assert found is not None
        return found.category

    assert concluded(0.2, 0) is None
    assert concluded(0.2, 1) == "low_confidence"
    assert concluded(0.3, 1) is None
    assert concluded(0.0, 1, grounded=False) is None
    assert concluded(0.0, 1, threshold=0.0) is None


def test_what_decides_when_it_is_known_what_came_of_the_model() -> None:
    def concluded(**facts: Any) -> Any:
        return conclude(ANSWER, Situation(failures=5), USUAL, **{"confidence": None, **facts})

    assert concluded(leak="canary: x", confidence=0.9).kind == "decline"
    assert (concluded(out_of_budget="gone").kind, concluded(out_of_budget="gone").category) == (
        "decline",
        "budget",
    )
    assert concluded().category == "failure"
    assert conclude(ANSWER, Situation(failures=4), USUAL, confidence=None) is None
    never = AgentConfiguration(handoff_after_failures=0)
    assert conclude(ANSWER, Situation(failures=99), never, confidence=None) is None
    hand = AgentConfiguration(on_injection="hand_over")
    leaked = conclude(ANSWER, QUIET, hand, confidence=0.9, leak="copy: x")
    assert leaked is not None
    assert leaked.kind == "hand_over"


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Yes", "yes"),
        ("ja, genau", "yes"),
        ("نعم", "yes"),
        ("no", "no"),
        ("Нет", "no"),
        ("No, start afresh", "afresh"),
        ("let's continue please", "resume"),
        ("machen wir weiter", "resume"),
        ("OK, thank you!", "yes"),
        ("neu", "afresh"),
        ("Ja, gerne weiter", "resume"),
        ("Давайте начнём заново, пожалуйста", "afresh"),
        ("I would say yes", None),
        ("Thank you", None),
        ("OK, when do you open on Sunday?", None),
        ("No my order 1234 has not arrived", None),
        ("Right, how do I return it", None),
        ("Sure, and what does shipping cost", None),
        ("Ist das Modell neu im Sortiment", None),
        ("Wie geht es weiter mit meiner Bestellung", None),
        ("Do you continue the blue model", None),
        ("Neue Frage: wann kommt mein Paket", None),
        ("Ne zaman gelir", None),
        ("Non ho ricevuto il pacco", None),
        ("No me llegó el pedido", None),
        ("Right?", None),
        ("yes but first of all tell me when you are open on Sundays", None),
        ("", None),
    ],
)
def test_short_replies_are_told_in_many_languages(text: str, reply: str | None) -> None:
    assert reply_in(text) == reply


def test_a_pending_question_is_pending_once() -> None:
    pending = Pending(kind="confirm", question="q", typed="t", meant="m")
    assert decided("?", situation=Situation(pending=pending)).asks is None
