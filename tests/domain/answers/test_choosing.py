from __future__ import annotations

import pytest

from domain.agents.agent import AgentConfiguration
from domain.answers.decision import ANSWER, decide
from domain.answers.plan import Situation
from domain.answers.understanding import Intent, NamedOffer, Understanding
from domain.answers.understanding.choosing import chosen, is_more

MUGS = ("Enamel mug, red", "Enamel mug, blue")


@pytest.mark.parametrize(
    ("said", "language", "meant"),
    [
        ("the blue one", "en", MUGS[1]),
        ("Blu, please!", "en", MUGS[1]),
        ("RED", None, MUGS[0]),
        ("2", None, MUGS[1]),
        ("2.", "en", MUGS[1]),
        ("the first one", "en", MUGS[0]),
        ("der zweite", "de", MUGS[1]),
        ("the last one please", "en", MUGS[1]),
        ("Enamel mug, blue", "en", MUGS[1]),
        ("3", "en", None),
        ("the mug", "en", None),
        ("red or blue, I don't care", "en", None),
        ("Do you ship to Norway?", "en", None),
        ("", None, None),
    ],
)
def test_a_choice_is_understood_by_its_own_words_its_number_or_its_name(
    said: str, language: str | None, meant: str | None
) -> None:
    assert chosen(said, MUGS, language) == meant


def test_a_name_that_is_within_another_is_chosen_by_its_number() -> None:
    names = ("Day hike", "Guided day hike")
    assert chosen("the guided one", names, "en") == names[1]
    assert chosen("1", names, "en") == names[0]


def test_a_long_reply_says_more() -> None:
    assert not is_more("the blue one, please")
    assert is_more("the blue one, and do you ship it to Norway as well?")


def offers(*found: tuple[str, float]) -> tuple[NamedOffer, ...]:
    return tuple(NamedOffer(kind="product", name=name, confidence=sure) for name, sure in found)


PRICE = (Intent(name="price"),)
ALIKE = offers((MUGS[0], 0.65), (MUGS[1], 0.65))


def test_of_two_offers_that_may_be_meant_the_customer_is_asked_which_and_the_choice_is_answered() -> None:
    understanding = Understanding(intents=PRICE, offers=ALIKE, language="en")
    plan = decide(understanding, Situation(), ["How much is the mug?"], AgentConfiguration())
    assert (plan.decision.kind, plan.decision.category) == ("ask_back", "choice")
    assert plan.say is not None
    assert plan.say.values == {"choices": "1. Enamel mug, red\n2. Enamel mug, blue"}
    situation = Situation(pending=plan.asks)
    again = decide(Understanding(language="en"), situation, ["the blue one"], AgentConfiguration())
    assert again.questions == ("Enamel mug, blue: How much is the mug?",)
    assert (again.decision.kind, again.decision.category) == ("answer", "confirmed")
    more = "the blue one, and do you ship it to Norway?"
    both = decide(Understanding(language="en"), situation, [more], AgentConfiguration())
    assert both.questions == ("Enamel mug, blue: How much is the mug?", more)
    assert decide(Understanding(), situation, ["Where are you?"], AgentConfiguration()) == ANSWER


@pytest.mark.parametrize(
    ("found", "situation", "configuration"),
    [
        ({"intents": (Intent(name="return"),), "offers": ALIKE}, Situation(), AgentConfiguration()),
        ({"intents": PRICE, "offers": offers((MUGS[0], 0.95), (MUGS[1], 0.94))}, Situation(), AgentConfiguration()),
        ({"intents": PRICE, "offers": offers((MUGS[0], 0.8), (MUGS[1], 0.65))}, Situation(), AgentConfiguration()),
        ({"intents": PRICE, "offers": ALIKE + offers(("c", 0.65), ("d", 0.65))}, Situation(), AgentConfiguration()),
        ({"intents": PRICE, "offers": ALIKE}, Situation(viewed=(MUGS[1],)), AgentConfiguration()),
        ({"intents": PRICE, "offers": ALIKE}, Situation(), AgentConfiguration(spelling_correction=False)),
        ({"intents": PRICE, "offers": offers((MUGS[0], 0.65), (MUGS[0], 0.65))}, Situation(), AgentConfiguration()),
    ],
    ids=["asked in general", "named", "one is surer", "many", "one was looked at", "off", "one name"],
)  # fmt: skip
def test_nobody_is_asked_where_that_is_known_or_does_not_matter(
    found: dict[str, object], situation: Situation, configuration: AgentConfiguration
) -> None:
    assert decide(Understanding(**found), situation, ["How much is the mug?"], configuration) == ANSWER  # type: ignore[arg-type]
