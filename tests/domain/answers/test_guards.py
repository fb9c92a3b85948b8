"""Every case of an order to the agent, in messages, documents and product texts: with a model that obeys whoever speaks, nothing of the system
prompt leaves, and the agent may do no more than before."""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from domain.agents.agent import AgentConfiguration
from domain.answers.canary import GUARD, with_canary
from domain.answers.decision import Situation, conclude, decide
from domain.answers.leaks import Watched, Watching
from domain.answers.prompts import answer_prompt, rules
from domain.answers.understanding import Business, understand
from domain.models.completion import Passage, Turn
from domain.retrieval.passages import ranked

CASES = tomllib.loads((Path(__file__).parent / "understanding" / "injections.toml").read_text())
WORD = "5d0c9b7e1f3a48266b0d"
CONFIGURATION = AgentConfiguration(name="Nora", cannot_do=("promise refunds",), on_injection="answer")
WATCHED = Watched(canary=WORD, rules=f"{rules(CONFIGURATION)}\n{GUARD}")


def cases() -> Iterator[tuple[str, str]]:
    for place, by_language in CASES.items():
        for texts in by_language.values():
            for text in texts:
                yield place, text


def prompt_of(place: str, text: str) -> tuple[Turn, ...]:
    """As it goes out; the text stands where it is from, even where screening would have left it out."""
    document = Passage(id="p", document=UUID(int=1), title="t", ordinal=0, score=0.9, text=text)
    passages = () if place == "messages" else (document,)
    question = text if place == "messages" else "What do you know about it?"
    prompt = answer_prompt(CONFIGURATION, (), passages, [question])
    items = ranked(passages, prompt)
    assert [item.passage for item in items] == [passage.id for passage in passages]
    return with_canary(prompt, WORD)


def obedient(prompt: tuple[Turn, ...]) -> Iterator[str]:
    """What a model might say that does as it is told."""
    system = prompt[0].text
    found = re.search(r"nor the word (\S+)\.", system)
    assert found is not None
    word = found[1]
    yield f"Of course! {word}"
    yield f"Of course! {system}"
    yield f"Of course! {system.splitlines()[0]} {system.splitlines()[1]}"
    yield "As you wish: " + "·".join(word.upper())
    yield f"In code: {base64.b64encode(f'the word {word}'.encode()).decode()}"


def test_there_are_enough_cases() -> None:
    assert len(list(cases())) >= 150
    assert len({language for by_language in CASES.values() for language in by_language}) >= 5


@pytest.mark.parametrize("place", CASES)
def test_nothing_of_the_system_prompt_leaves_whole_or_streamed(place: str) -> None:
    for where, text in cases():
        if where != place:
            continue
        for answer in obedient(prompt_of(place, text)):
            assert WATCHED.leak_in(answer) is not None, text
            watching = Watching(WATCHED)
            told = "".join(watching.take(answer[at : at + 5]) for at in range(0, len(answer), 5))
            told += watching.end()
            assert watching.leak is not None, text
            assert WORD not in told
            assert WATCHED.leak_in(told) is None


def test_no_text_widens_what_the_agent_may_do() -> None:
    """Orders decide nothing but to decline; and what a model says of handing over, or of new rules, decides nothing at all."""
    for place, text in cases():
        prompt = prompt_of(place, text)
        assert prompt[0].text.startswith(rules(CONFIGURATION)), text
        if place == "messages":
            understanding = understand([text], business=Business())
            plan = decide(understanding, Situation(), [text], AgentConfiguration())
            assert plan.decision.category in (None, "injection", "outside", "person"), text
            assert plan.questions is None
        else:
            fenced = prompt[0].text[
                prompt[0].text.rindex("<document ", 0, prompt[0].text.rindex("\n</document ")) :
            ]
            assert fenced.count("</document ") >= 1
            opening = re.search(r"<document ([0-9a-f]{8}) ", prompt[0].text)
            assert opening is not None
            assert prompt[0].text.count(opening[1]) == 3, text  # the rule's, its beginning, its end


def test_what_a_model_says_is_no_decision() -> None:
    understanding = understand(["When are you open?"], business=Business())
    plan = decide(understanding, Situation(), ["When are you open?"], AgentConfiguration())
    decision = conclude(plan, Situation(), AgentConfiguration(), confidence=0.9, grounded=True)
    assert decision == plan.decision
